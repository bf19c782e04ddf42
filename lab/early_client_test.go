package lab

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/lab/netlab"
)

// soon is how long a client may take whose first packets came before the gateway was ready for them:
// OpenVPN sends its first packet again after at most eight seconds. Connection tracking alone would
// keep it out for as long as it tries, and half a minute more.
const soon = 15 * time.Second

// A client with a fixed port begins before the endpoint has an association, on a host whose firewall has
// connection tracking at work. It is in soon after the endpoint has one.
func TestEarlyClient(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	s.gatewayHost.NFT(t, "table ip other { chain input { type filter hook input priority 0; ct state established accept\n}\n}")
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	c := netlab.StartClient(t, s.clients[0], fixedPort(s.Profile("alice")))
	s.waitUntranslated(t, gatewayWAN)
	s.Associate("subnet-a")
	began := time.Now()
	s.WaitText("", "available")
	c.WaitUp(t, 1)
	wantSoon(t, began)
}

// The gateway gets an address (a lease of DHCP) at which a client with a fixed port arrives before the
// rules know it. It is in soon after they do.
func TestLateAddress(t *testing.T) {
	t.Parallel()
	const late = "192.0.2.9"
	s := newSite(t, 1)
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.WaitText("", "available")
	profile := strings.ReplaceAll(fixedPort(s.Profile("alice")), "remote "+gatewayWAN+" ", "remote "+late+" ")
	if !strings.Contains(profile, "remote "+late) {
		t.Fatalf("the file names no address to replace: %s", profile)
	}
	dataplane := s.Process(t, "dataplane")
	if err := syscall.Kill(dataplane, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(dataplane, syscall.SIGCONT) })
	c := netlab.StartClient(t, s.clients[0], profile)
	s.gatewayHost.IP(t, "addr", "add", late+"/24", "dev", "wan")
	s.waitUntranslated(t, late)
	if err := syscall.Kill(dataplane, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	c.WaitUp(t, 1)
	wantSoon(t, began)
}

func wantSoon(t testing.TB, began time.Time) {
	t.Helper()
	took := time.Since(began)
	t.Logf("the client was in after %s", took.Round(time.Millisecond))
	if took > soon {
		t.Errorf("the client was in after %s, want at most %s", took, soon)
	}
}

// fixedPort has a client send from one port, as a router does.
func fixedPort(profile string) string {
	return strings.Replace(profile, "\nnobind\n", "\nlport 40123\n", 1)
}

// waitUntranslated waits until connection tracking of the gateway has the flow of a client with a
// fixed port, which no rule led to a worker.
func (s *site) waitUntranslated(t testing.TB, addr string) {
	t.Helper()
	netlab.Eventually(t, 20*time.Second, "a packet of the client has come to "+addr, func() bool {
		var flows []*netlink.ConntrackFlow
		err := s.gatewayHost.Do(func() (err error) {
			flows, err = netlink.ConntrackTableList(netlink.ConntrackTable, unix.AF_INET)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range flows {
			if f.Forward.SrcPort == 40123 && f.Forward.DstIP.String() == addr && f.Reverse.SrcPort == f.Forward.DstPort {
				return true
			}
		}
		return false
	})
}
