package vpn

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// A range is doubtful where the host has no way to it, or none of its own to private addresses.
func TestRangeDoubt(t *testing.T) {
	t.Parallel()
	router := netip.MustParseAddr("198.51.100.1")
	byDefault := func(to string) Way { return Way{Subnet: cidr(to), Interface: "eth0", Gateway: router, Default: true} }
	answer := Probe{Address: ip("10.9.1.7"), Outcome: ProbeAnswered, Way: WayOut{Interface: "eth0", Gateway: router}, At: time.Unix(1, 0)}
	elsewhere := answer
	elsewhere.Address = ip("10.8.1.7")
	for name, c := range map[string]struct {
		way   Way
		whole bool
		tests []Probe
		want  string
	}{
		"not known":                       {way: Way{Subnet: cidr("10.9.0.0/16")}},
		"its own route":                   {way: Way{Subnet: cidr("10.9.0.0/16"), Interface: "eth1"}, whole: true},
		"no route":                        {way: Way{Subnet: cidr("10.9.0.0/16"), Problem: "No route of this host leads to 10.9.0.0/16."}, want: "No route of this host leads to 10.9.0.0/16. Clients do not reach it until"},
		"no default route":                {way: Way{Subnet: anyIPv4, Problem: "No route of this host leads to 0.0.0.0/0."}, whole: true, want: "No route of this host"},
		"the internet":                    {way: byDefault("0.0.0.0/0"), whole: true},
		"a part of the internet":          {way: byDefault("203.0.113.0/24"), whole: true},
		"private, by the default route":   {way: byDefault("10.9.0.0/16"), want: "Only the default route of this host leads to 10.9.0.0/16 (198.51.100.1 on eth0)."},
		"tested":                          {way: byDefault("10.9.0.0/16"), tests: []Probe{elsewhere, answer}},
		"tested elsewhere":                {way: byDefault("10.9.0.0/16"), tests: []Probe{elsewhere}, want: "Only the default route"},
		"tested by another router":        {way: Way{Subnet: cidr("10.9.0.0/16"), Interface: "eth0", Default: true}, tests: []Probe{answer}, want: "Only the default route"},
		"a part of a network":             {way: Way{Subnet: cidr("10.9.0.0/16"), Interface: "eth1", Partly: true}},
		"a part of a route's destination": {way: Way{Subnet: cidr("10.9.0.0/16"), Interface: "eth1", Partly: true}, whole: true, want: "to a part of 10.9.0.0/16 only (eth1, directly)"},
	} {
		got := c.way.RangeDoubt(c.whole, c.tests...)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	none := Way{Subnet: cidr("10.9.0.0/16"), Problem: "No route."}
	for name, r := range map[string]Route{"between clients": {Destination: none.Subnet}, "being deleted": {Association: "a", Generations: Generations{Removed: 2}}} {
		if got := r.WayDoubt(none); got != "" {
			t.Errorf("a route %s: %q", name, got)
		}
	}
	part := Way{Subnet: cidr("10.9.0.0/16"), Interface: "eth1", Partly: true}
	if automatic := (Route{Association: "a", Origin: OriginAssociate}); automatic.WayDoubt(part) != "" || automatic.WayDoubt(none) == "" {
		t.Error("the route to the network is judged as one that was added")
	}
	if added := (Route{Association: "a", Origin: OriginAddRoute}); added.WayDoubt(part) == "" {
		t.Error("a part of the destination is not reached, and nothing is said")
	}
}
