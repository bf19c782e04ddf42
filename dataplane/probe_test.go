package dataplane

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sallyport/dataplane/hostpolicy"
	"sallyport/vpn"
)

// A probe is sent to a host of a target network and to no other address, and not faster than the limit.
func TestProbe(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-4444444444444444b", "10.44.0.0/22")
	path := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(path, []byte(`{"forbidden_destinations": ["10.0.1.64/26"]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	e := &Engine{policy: hostpolicy.NewFile(path), probes: newProbeLimit(), endpoints: map[vpn.EndpointID]*endpoint{f.ep.id: f.ep}}
	var known vpn.AssociationID
	f.ep.do(func() { known = f.ep.state.desired.Associations[0].ID })
	ask := func(change func(*vpn.ProbeRequest)) (vpn.ProbeAnswer, error) {
		r := vpn.ProbeRequest{Endpoint: f.ep.id, Association: known, Address: netip.MustParseAddr("10.0.1.10")}
		change(&r)
		return e.Probe(t.Context(), r)
	}
	a, err := ask(func(*vpn.ProbeRequest) {})
	if err != nil || a.Way.Interface != "neta" || a.Outcome != "" {
		t.Errorf("the way alone: %+v, %v", a, err)
	}
	for name, to := range map[string]string{
		"the host itself": "10.0.1.1", "another network": "10.0.2.10", "the network": "10.0.1.0", "its broadcast address": "10.0.1.255", "a forbidden one": "10.0.1.70",
	} {
		if _, err := ask(func(r *vpn.ProbeRequest) { r.Address, r.Echo = netip.MustParseAddr(to), true }); vpn.KindOf(err) != vpn.Invalid || vpn.FieldsOf(err)["address"] == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ask(func(r *vpn.ProbeRequest) { r.Address = netip.MustParseAddr("::1") }); vpn.KindOf(err) != vpn.Invalid {
		t.Errorf("an IPv6 address: %v", err)
	}
	if _, err := ask(func(r *vpn.ProbeRequest) { r.Endpoint = "cvpn-endpoint-4444444444444444c" }); vpn.KindOf(err) != vpn.NotFound {
		t.Errorf("another endpoint: %v", err)
	}
	if _, err := ask(func(r *vpn.ProbeRequest) { r.Association = "cvpn-assoc-4444444444444444c" }); vpn.KindOf(err) != vpn.NotFound {
		t.Errorf("another association: %v", err)
	}
	e.probes.AllowN(time.Now().Add(time.Hour), e.probes.Burst()) // none is left, and none comes before that time
	if _, err := ask(func(r *vpn.ProbeRequest) { r.Echo = true }); vpn.KindOf(err) != vpn.Throttled {
		t.Errorf("beyond the limit: %v", err)
	}
}
