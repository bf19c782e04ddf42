package vpn

import (
	"net/netip"
	"testing"
)

// A client CIDR that overlaps with a network is refused with the range and the network.
func TestCheckNetworks(t *testing.T) {
	t.Parallel()
	networks := []Network{
		{ID: "vpc-1", Name: "office", CIDRs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16"), netip.MustParsePrefix("10.4.0.0/16")}},
		{ID: "vpc-2", CIDRs: []netip.Prefix{netip.MustParsePrefix("172.16.8.0/24")}},
	}
	for cidr, want := range map[string]string{
		"10.4.4.0/22":   "10.4.4.0/22 overlaps with 10.4.0.0/16 of network office (vpc-1).",
		"172.16.0.0/12": "172.16.0.0/12 overlaps with 172.16.8.0/24 of network vpc-2.",
		"10.8.0.0/22":   "",
	} {
		err := Endpoint{ClientCIDR: netip.MustParsePrefix(cidr)}.CheckNetworks(networks)
		if got := FieldsOf(err)["client_cidr"]; got != want {
			t.Errorf("%s: got %q, want %q", cidr, got, want)
		}
	}
}

// The dataplane takes no place that the console cannot ask for.
func TestPlaceIsValidated(t *testing.T) {
	t.Parallel()
	good := Place{Address: netip.IPv4Unspecified(), ClientCIDR: netip.MustParsePrefix("10.8.0.0/22")}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for _, bad := range []Place{{Address: good.Address, ClientCIDR: good.ClientCIDR, Port: 1194}, {Address: netip.IPv6Unspecified(), ClientCIDR: good.ClientCIDR}, {Address: good.Address, ClientCIDR: netip.MustParsePrefix("10.8.0.0/24")}} {
		if bad.Validate() == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
