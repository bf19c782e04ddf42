package vpn

import (
	"strings"
	"testing"
)

// A network has a name and one to five disjoint ranges, /8 to /28, of usable addresses.
func TestNewNetwork(t *testing.T) {
	t.Parallel()
	others := []Endpoint{{ID: "cvpn-endpoint-1", Name: "main", ClientCIDR: cidr("10.200.0.0/22")}, {ID: "cvpn-endpoint-2", ClientCIDR: cidr("10.201.0.0/22"), Deleting: true}}
	for _, c := range []struct{ name, cidrs, field, words string }{
		{"office", "10.0.0.0/16", "", ""},
		{"office", "11.0.0.0/8", "", ""},
		{"office", "10.201.0.0/16", "", ""}, // the clients of an endpoint that is being deleted
		{"office", "10.0.0.0/8", "cidrs", "10.0.0.0/8 overlaps with the client CIDR 10.200.0.0/22 of endpoint main"},
		{"office", "10.0.0.0/28", "", ""},
		{"office", "10.0.0.0/16, 10.1.0.0/16;10.2.0.0/16\r\n10.3.0.0/16\t10.4.0.0/16", "", ""},
		{"", "10.0.0.0/16", "name", "Enter a name"},
		{"<script>", "10.0.0.0/16", "name", "“<”"},
		{strings.Repeat("x", 10000), "10.0.0.0/16", "name", "10000"},
		{"office", "", "cidrs", "at least one"},
		{"office", " , ;\n", "cidrs", "at least one"},
		{"office", "10.0.0.0/16 10.1.0.0/16 10.2.0.0/16 10.3.0.0/16 10.4.0.0/16 10.5.0.0/16", "cidrs", "6 ranges"},
		{"office", "11.0.0.0/7", "cidrs", "host bits"},
		{"office", "8.0.0.0/7", "cidrs", "too wide"},
		{"office", "0.0.0.0/0", "cidrs", "too wide"},
		{"office", "10.0.0.0/29", "cidrs", "too small"},
		{"office", "10.0.0.1/16", "cidrs", "host bits"},
		{"office", "10.0.0.0/16 10.0.5.0/24", "cidrs", "overlaps with 10.0.0.0/16"},
		{"office", "10.0.0.0/16 10.0.0.0/16", "cidrs", "overlaps"},
		{"office", "127.0.0.0/8", "cidrs", "loopback"},
		{"office", "0.0.0.0/8", "cidrs", "this network"},
		{"office", "224.0.0.0/8", "cidrs", "multicast"},
		{"office", "fd00::/16", "cidrs", "IPv4"},
		{"office", "10.0.0.0/16 nonsense", "cidrs", "nonsense"},
	} {
		_, err := NewNetwork(NetworkSpec{Name: c.name, CIDRs: c.cidrs}, others, now)
		wantBad(t, c.cidrs, err, c.field, c.words)
	}
	// Every bad field is told at once.
	_, err := NewNetwork(NetworkSpec{CIDRs: "x", Tags: []Tag{{"", "v"}}}, others, now)
	if got := FieldsOf(err); len(got) != 3 || !strings.Contains(err.Error(), "fields") {
		t.Errorf("got %v, want name, cidrs and tags", err)
	}
}

// A range belongs to a network if one of its ranges holds all of it.
func TestNetworkContains(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, "10.0.0.0/16 10.2.0.0/16")
	for text, want := range map[string]bool{
		"10.0.0.0/16": true, "10.0.5.0/24": true, "10.2.255.255/32": true, "10.0.0.0/15": false, "10.1.0.0/16": false,
		"0.0.0.0/0": false, "10.0.0.0/14": false,
	} {
		if got := n.Contains(cidr(text)); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

// A subnet is at least a /27 inside its network, overlaps no sibling, and has a zone.
func TestNewSubnet(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, "10.0.0.0/16 10.2.0.0/16")
	sibling := newSubnet(t, n, "10.0.1.0/24", "zone-a")
	for _, c := range []struct{ name, cidr, zone, field, words string }{
		{"", "10.0.2.0/24", "zone-a", "", ""},
		{"web tier", "10.0.2.0/27", "eu-1b", "", ""},
		{"", "10.0.0.0/24", "zone-a", "", ""}, // touches the sibling
		{"", "10.2.0.0/16", "zone-a", "", ""},
		{"", "10.0.2.0/28", "zone-a", "cidr", "at least a /27"},
		{"", "10.0.2.0/32", "zone-a", "cidr", "at least a /27"},
		{"", "10.1.0.0/24", "zone-a", "cidr", "not inside the network, which has 10.0.0.0/16, 10.2.0.0/16"},
		{"", "10.0.0.0/15", "zone-a", "cidr", "not inside"},
		{"", "0.0.0.0/0", "zone-a", "cidr", "not inside"},
		{"", "10.0.1.0/24", "zone-a", "cidr", "overlaps with subnet"},
		{"", "10.0.1.128/27", "zone-a", "cidr", "overlaps with subnet"},
		{"", "10.0.0.0/16", "zone-a", "cidr", "overlaps with subnet"},
		{"", "10.0.2.1/24", "zone-a", "cidr", "host bits"},
		{"", "", "zone-a", "cidr", "Enter"},
		{"", "10.0.2.0/24", "", "zone", "Enter an availability zone"},
		{"", "10.0.2.0/24", "Zone A", "zone", "lower-case"},
		{"", "10.0.2.0/24", "zone\na", "zone", "lower-case"},
		{"", "10.0.2.0/24", strings.Repeat("z", 65), "zone", "at most 64"},
		{`"x"`, "10.0.2.0/24", "zone-a", "name", "not allowed"},
	} {
		_, err := NewSubnet(SubnetSpec{Name: c.name, CIDR: c.cidr, Zone: c.zone}, n, []Subnet{sibling}, now)
		wantBad(t, c.cidr+" "+c.zone, err, c.field, c.words)
	}
}
