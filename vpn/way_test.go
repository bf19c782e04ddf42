package vpn

import (
	"net/netip"
	"testing"
	"time"
)

// A way is doubtful where only the default route leads to the subnet or to a part of it.
func TestWay(t *testing.T) {
	subnet, gateway := netip.MustParsePrefix("10.0.9.0/24"), netip.MustParseAddr("192.0.2.254")
	for _, c := range []struct {
		way      Way
		label    string
		doubtful bool
	}{
		{Way{}, "not reported yet", false},
		{Way{Subnet: subnet, Interface: "eth1"}, "eth1, directly", false},
		{Way{Subnet: subnet, Interface: "eth1", Gateway: gateway}, "192.0.2.254 on eth1", false},
		{Way{Subnet: subnet, Interface: "eth0", Gateway: gateway, Default: true}, "only by the default route: 192.0.2.254 on eth0", true},
		{Way{Subnet: subnet, Interface: "eth1", Partly: true}, "eth1, directly; a part of it only by the default route", true},
		{Way{Subnet: subnet, Problem: "No route of this host leads to 10.0.9.0/24."}, "not reached", false},
	} {
		if got := c.way.Label(); got != c.label || (c.way.Doubt() != "") != c.doubtful || c.way.Doubtful() != c.doubtful {
			t.Errorf("%+v: %q, doubt %q; want %q, doubtful %v", c.way, got, c.way.Doubt(), c.label, c.doubtful)
		}
	}
	was := Way{Subnet: subnet, Interface: "eth1"}
	if now := (Way{Subnet: subnet, Interface: "eth1", Since: time.Now()}); !was.Same(now) || was.Same(Way{Subnet: subnet, Interface: "eth2"}) {
		t.Error("ways are compared wrongly")
	}
}

// A doubtful way is a warning until a host of the subnet answers through the same next hop.
func TestDoubts(t *testing.T) {
	const id = AssociationID("cvpn-assoc-1")
	way := Way{Association: id, Subnet: netip.MustParsePrefix("10.0.9.0/24"), Interface: "eth0", Gateway: netip.MustParseAddr("192.0.2.254"), Default: true}
	answered := Probe{Kind: ProbeICMP, Address: netip.MustParseAddr("10.0.9.1"), Outcome: ProbeAnswered, Way: WayOut{Interface: way.Interface, Gateway: way.Gateway}, At: time.Now()}
	silent, elsewhere, other := answered, answered, answered
	silent.Outcome = ProbeSilent
	elsewhere.Way.Gateway = netip.MustParseAddr("192.0.2.1")
	other.Address = netip.MustParseAddr("10.0.8.1")
	closed := answered
	closed.Kind, closed.Port, closed.Outcome = ProbeTCP, 443, ProbeRefused
	o := Observation{Ways: []Way{way, {Association: "cvpn-assoc-2", Subnet: netip.MustParsePrefix("10.0.1.0/24"), Interface: "eth1"}}}
	for name, c := range map[string]struct {
		last Probe
		want bool
	}{
		"no test": {Probe{}, true}, "an answer": {answered, false}, "a closed port": {closed, false}, "no answer": {silent, true},
		"an answer by another router": {elsewhere, true}, "an answer of another subnet": {other, true},
	} {
		got := o.Doubts(map[AssociationID]Probe{id: c.last})
		if (len(got) == 1) != c.want || len(got) > 1 {
			t.Errorf("%s: %+v, want a warning: %v", name, got, c.want)
		}
		if len(got) == 1 && (!got[0].Warning || got[0].Subject != string(id)) {
			t.Errorf("%s: %+v", name, got[0])
		}
	}
}
