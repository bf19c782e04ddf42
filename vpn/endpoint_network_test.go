package vpn

import (
	"net/netip"
	"testing"
	"time"
)

// An endpoint is bound to the network that was chosen for it: no other can be associated, and it stays after the last
// association. While it has a target network, it cannot be bound to another.
func TestChooseNetwork(t *testing.T) {
	t.Parallel()
	office := Network{ID: "vpc-office", Name: "office", CIDRs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}}
	branch := Network{ID: "vpc-branch", Name: "branch", CIDRs: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}
	in := func(n Network, cidr string) Subnet {
		return Subnet{ID: SubnetID("subnet-" + n.Name), Network: n.ID, CIDR: netip.MustParsePrefix(cidr), Zone: "zone-a"}
	}
	e := Endpoint{ID: NewEndpointID(), ClientCIDR: netip.MustParsePrefix("10.8.0.0/22"), Generation: 1}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	wantRefused := func(err error, sentence string) {
		t.Helper()
		if got := FieldsOf(err)["network"]; got != sentence {
			t.Errorf("got %q, want %q", got, sentence)
		}
	}
	must(e.ChooseNetwork(office, nil))
	_, _, err := e.Associate(branch, in(branch, "10.1.1.0/24"), nil, time.Now())
	wantRefused(err, "The endpoint is bound to network vpc-office. Modify the endpoint to choose another.")
	a, routes, err := e.Associate(office, in(office, "10.0.1.0/24"), nil, time.Now())
	must(err)
	wantRefused(e.ChooseNetwork(branch, []Association{a}), "The network can be changed only while no target network is associated.")
	must(e.ChooseNetwork(office, []Association{a}))
	if got := Warnings(e, []Rule{{ID: "r", Destination: netip.MustParsePrefix("192.0.2.0/24")}}, nil, routes); len(got) != 1 {
		t.Errorf("with a target network the warnings are %v", got)
	}
	routes, err = e.Disassociate(&a, routes, 0)
	must(err)
	if e.Network != office.ID {
		t.Errorf("after the last association the network is %q", e.Network)
	}
	if got := Warnings(e, []Rule{{ID: "r", Destination: netip.MustParsePrefix("192.0.2.0/24")}}, nil, routes); len(got) != 0 {
		t.Errorf("without a target network the warnings are %v", got)
	}
	must(e.ChooseNetwork(Network{}, []Association{a}))
	if e.Network != "" || e.NetworkChosen {
		t.Errorf("a freed endpoint has %q, %t", e.Network, e.NetworkChosen)
	}
	wantRefused(e.ChooseNetwork(Network{ID: "vpc-x", Name: "x", CIDRs: []netip.Prefix{netip.MustParsePrefix("10.8.2.0/24")}}, nil),
		"The client CIDR 10.8.0.0/22 overlaps with 10.8.2.0/24 of network x (vpc-x).")

	// What is freed while it is associated keeps its network until then.
	a, _, err = e.Associate(branch, in(branch, "10.1.1.0/24"), nil, time.Now())
	must(err)
	must(e.ChooseNetwork(branch, []Association{a}))
	must(e.ChooseNetwork(Network{}, []Association{a}))
	if e.Network != branch.ID {
		t.Errorf("freed under an association, the network is %q", e.Network)
	}
	_, err = e.Disassociate(&a, nil, 0)
	must(err)
	if e.Network != "" {
		t.Errorf("at the end the network is %q", e.Network)
	}
}
