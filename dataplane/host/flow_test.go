package host_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/dataplane/host"
	"sallyport/lab/netlab"
	"sallyport/vpn"
)

// A flow that began before its port led to a worker is forgotten; a translated one and those of other
// ports are not. A translated one is forgotten before its worker's port is used again.
func TestForgetUntranslated(t *testing.T) {
	netlab.NeedSandbox(t, "nft")
	netlab.Here().NFT(t, `table ip early { chain a { type nat hook output priority -100; udp dport 4432 dnat to 127.0.0.1:21000
}
 chain b { type filter hook output priority 0; ct state new accept
}
}`)
	t.Cleanup(func() { netlab.Here().NFT(t, "delete table ip early") })
	for _, to := range []string{"127.0.0.1:4431", "127.0.0.1:4432", "127.0.0.1:4433"} {
		conn, err := net.Dial("udp4", to)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
	}
	tracked := func(port uint16) bool {
		flows, err := netlink.ConntrackTableList(netlink.ConntrackTable, unix.AF_INET)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range flows {
			if f.Forward.DstPort == port {
				return true
			}
		}
		return false
	}
	for _, port := range []uint16{4431, 4432, 4433} {
		if !tracked(port) {
			t.Fatalf("port %d has no flow: the test would prove nothing", port)
		}
	}
	if err := host.ForgetFlowsToWorker(21001); err != nil || !tracked(4432) {
		t.Errorf("of another worker: %v, the translated flow is tracked: %v", err, tracked(4432))
	}
	public := []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:4431"), netip.MustParseAddrPort("127.0.0.1:4432")}
	if err := host.ForgetUntranslated(vpn.TCP, public...); err != nil || !tracked(4431) {
		t.Errorf("for TCP: %v, the UDP flow is tracked: %v", err, tracked(4431))
	}
	if err := host.ForgetUntranslated(vpn.UDP, public...); err != nil {
		t.Fatal(err)
	}
	for port, want := range map[uint16]bool{4431: false, 4432: true, 4433: true} {
		if tracked(port) != want {
			t.Errorf("the flow to port %d is tracked: %v, want %v", port, tracked(port), want)
		}
	}
	if err := host.ForgetFlowsToWorker(21000); err != nil || tracked(4432) || !tracked(4433) {
		t.Errorf("before the port of a worker is used again: %v, the flow to it is tracked: %v, another one: %v", err, tracked(4432), tracked(4433))
	}
}
