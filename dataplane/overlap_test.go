package dataplane

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"sallyport/vpn"
)

// A client CIDR that this host has an address or a route in is reported at the association, and takes
// effect once the host has none there.
func TestClientRangeOfTheHost(t *testing.T) {
	needsSandbox(t)
	ip := func(line string) {
		t.Helper()
		if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v %s", line, err, out)
		}
	}
	ip("route add 10.77.2.0/24 dev neta")
	p := startEngine(t, runDir(t))
	d := desiredOf(t, "cvpn-endpoint-7123456789abcdef0", 1277, "10.77.0.0/22")
	if err := p.Apply(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	message := func() string {
		status, err := p.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range status.Endpoints {
			o := vpn.Observation{Applied: e.Applied, Faults: e.Faults}
			for _, a := range d.Associations {
				if f, ok := o.FaultOf(string(a.ID)); ok {
					return f.Message
				}
			}
		}
		return ""
	}
	const want = "The client range 10.77.0.0/22 overlaps 10.77.2.0/24, to which this host has a route by neta."
	eventually(t, "the overlap is reported", func() bool { return message() == want })
	ip("route del 10.77.2.0/24 dev neta")
	eventually(t, "the overlap is no longer reported", func() bool { return message() == "" })
	wantApplied(t, p, d)
	p.end(t, syscall.SIGTERM)
}
