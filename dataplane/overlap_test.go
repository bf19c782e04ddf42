package dataplane

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"sallyport/dataplane/hostpolicy"
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
	wantPlace(t, p.CheckPlace(t.Context(), vpn.Place{Address: netip.IPv4Unspecified(), ClientCIDR: netip.MustParsePrefix("10.77.0.0/22")}),
		"client_cidr", "The client range 10.77.0.0/22 overlaps 10.77.2.0/24, to which this host has a route by neta.")
	held, err := net.ListenPacket("udp4", "0.0.0.0:1195")
	if err != nil {
		t.Fatal(err)
	}
	port := vpn.Place{Address: netip.IPv4Unspecified(), Transport: vpn.UDP, Port: 1195}
	if got := vpn.FieldsOf(p.CheckPlace(t.Context(), port))["port"]; !strings.HasPrefix(got, "UDP port 1195 on this host is in use by ") {
		t.Errorf("a port that another program has: %q", got)
	}
	_ = held.Close()
	wantPlace(t, p.CheckPlace(t.Context(), port), "port", "")
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

// wantPlace checks the sentence of a field; "" stands for no refusal.
func wantPlace(t *testing.T, err error, field, want string) {
	t.Helper()
	if got := vpn.FieldsOf(err)[field]; got != want || want == "" && err != nil {
		t.Errorf("%s: got %v, want %q", field, err, want)
	}
}

// What an endpoint cannot have on the host is told before it is created, by the host's addresses and the host policy;
// what it can have is offered.
func TestPlaceOnTheHost(t *testing.T) {
	needsSandbox(t)
	path := filepath.Join(t.TempDir(), "policy.json")
	policy := func(text string) *Engine {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return &Engine{policy: hostpolicy.NewFile(path)}
	}
	place := func(address, clients string) vpn.Place {
		return vpn.Place{Address: netip.MustParseAddr(address), ClientCIDR: netip.MustParsePrefix(clients)}
	}
	any := policy("{}")
	wantPlace(t, any.CheckPlace(place("0.0.0.0", "10.90.0.0/22")), "", "")
	wantPlace(t, any.CheckPlace(place("10.0.1.1", "10.90.0.0/22")), "", "")
	wantPlace(t, any.CheckPlace(place("192.0.2.77", "10.90.0.0/22")), "listen_addr", "This host has no address 192.0.2.77 to listen on.")
	wantPlace(t, any.CheckPlace(place("0.0.0.0", "10.0.0.0/22")), "client_cidr", "The client range 10.0.0.0/22 overlaps 10.0.1.0/24, to which this host has a route by neta.")
	h, err := any.Host()
	if err != nil || !h.EveryAddress || !slices.Contains(h.Addresses, netip.MustParseAddr("10.0.1.1")) || !slices.Contains(h.Used, netip.MustParsePrefix("10.0.1.0/24")) {
		t.Errorf("got %+v, %v", h, err)
	}

	strict := policy(`{"listen": ["192.0.2.0/24"], "client_ranges": ["10.20.0.0/16"]}`)
	wantPlace(t, strict.CheckPlace(place("10.0.1.1", "10.20.0.0/22")), "listen_addr", "The host policy does not allow listening on 10.0.1.1.")
	wantPlace(t, strict.CheckPlace(place("0.0.0.0", "10.20.0.0/22")), "listen_addr", "The host policy does not allow listening on 0.0.0.0.")
	wantPlace(t, strict.CheckPlace(place("0.0.0.0", "10.90.0.0/22")), "client_cidr", "The host policy does not allow the client CIDR 10.90.0.0/22: it lies in none of its client_ranges.")
	if h, err := strict.Host(); err != nil || h.EveryAddress || len(h.Addresses) != 0 || len(h.ClientRanges) != 1 {
		t.Errorf("with a policy: %+v, %v", h, err)
	}
}

// The way to an address is told as the host's routes have it, with what the host policy forbids.
func TestWayOutOfTheHost(t *testing.T) {
	needsSandbox(t)
	path := filepath.Join(t.TempDir(), "policy.json")
	e := &Engine{policy: hostpolicy.NewFile(path)}
	way := func(policy, to string) vpn.WayOut {
		t.Helper()
		if err := os.WriteFile(path, []byte(policy), 0o644); err != nil {
			t.Fatal(err)
		}
		e.policy = hostpolicy.NewFile(path)
		w, err := e.WayOut(netip.MustParseAddr(to))
		if err != nil || w.Address.String() != to {
			t.Errorf("%s: %+v, %v", to, w, err)
		}
		return w
	}
	if w := way("{}", "10.0.1.77"); w.Interface != "neta" || w.Gateway.IsValid() || w.Default || w.Own || w.Problem != "" {
		t.Errorf("a host of the network: %+v", w)
	}
	if w := way("{}", "10.0.1.1"); !w.Own || w.Interface != "" {
		t.Errorf("the host itself: %+v", w)
	}
	if w := way(`{"forbidden_destinations": ["10.0.1.64/26"]}`, "10.0.1.77"); !w.Forbidden {
		t.Errorf("a forbidden destination: %+v", w)
	}
	if w := way(`{"egress_interfaces": ["other"]}`, "10.0.1.77"); w.Problem != "The host policy does not allow client traffic on interface neta." {
		t.Errorf("another interface: %+v", w)
	}
	if w := way("nonsense", "10.0.1.77"); w.Problem == "" {
		t.Errorf("without a policy that can be read: %+v", w)
	}
	if _, err := e.WayOut(netip.MustParseAddr("fd00::1")); vpn.KindOf(err) != vpn.Invalid {
		t.Errorf("an IPv6 address: %v", err)
	}
}

// The ways to ranges are told in their order: of a range that the host has a route into the middle of, of an address of its own, and of what
// nothing leads to or the host policy forbids.
func TestWaysToRanges(t *testing.T) {
	needsSandbox(t)
	path := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(path, []byte(`{"forbidden_destinations": ["10.0.1.64/26"]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	e := &Engine{policy: hostpolicy.NewFile(path)}
	ranges := []netip.Prefix{
		netip.MustParsePrefix("10.0.1.0/24"), netip.MustParsePrefix("10.0.0.0/16"), netip.MustParsePrefix("10.0.1.1/32"),
		netip.MustParsePrefix("10.0.1.64/27"), netip.MustParsePrefix("10.99.0.0/16"), netip.MustParsePrefix("0.0.0.0/0"),
	}
	ways, err := e.WaysTo(t.Context(), ranges)
	if err != nil || len(ways) != len(ranges) {
		t.Fatalf("%+v, %v", ways, err)
	}
	for i, want := range []vpn.Way{
		{Interface: "neta"}, {Interface: "neta", Partly: true}, {Interface: "lo"}, {Problem: "The host policy forbids 10.0.1.64/27."},
		{Problem: "No route of this host leads to 10.99.0.0/16."}, {Problem: "No route of this host leads to 0.0.0.0/0."},
	} {
		if want.Subnet = ranges[i]; !ways[i].Same(want) {
			t.Errorf("%s: %+v, want %+v", ranges[i], ways[i], want)
		}
	}
	if _, err := e.WaysTo(t.Context(), make([]netip.Prefix, vpn.MaxAskedWays+1)); vpn.KindOf(err) != vpn.Invalid {
		t.Errorf("too many ranges: %v", err)
	}
	left, leave := context.WithCancel(t.Context())
	leave()
	if _, err := e.WaysTo(left, ranges); !errors.Is(err, context.Canceled) {
		t.Errorf("for a page that waits no longer: %v", err)
	}
}
