package dataplane

import (
	"net/netip"
	"reflect"
	"testing"

	"sallyport/dataplane/session"
	"sallyport/vpn"
	"sallyport/vpn/vpntest"
)

// notDirectives are the options that OpenVPN has no part in, with where the dataplane obeys them.
var notDirectives = map[string]string{
	"SourceNAT":      "nftables rules: nft.Endpoint.SourceNAT",
	"SessionTimeout": "end of the session: admission sets it, and the sweep shortens it",
}

// Every option changes what a client is told, unless it is listed in notDirectives.
func TestEveryOptionIsADirective(t *testing.T) {
	t.Parallel()
	d := vpn.Desired{
		ClientCIDR:   netip.MustParsePrefix("10.20.0.0/22"),
		Associations: []vpn.DesiredAssociation{{ID: "a", Routes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}}},
	}
	s := session.Session{Addr: netip.MustParseAddr("10.20.0.2"), Association: "a"}
	for i := range reflect.TypeFor[vpn.ClientOptions]().NumField() {
		with := d
		name := vpntest.FillField(&with.ClientOptions, i)
		changed := !reflect.DeepEqual(directives(d, s), directives(with, s))
		if place, elsewhere := notDirectives[name]; changed == elsewhere {
			t.Errorf("%s changes the directives: %t; notDirectives says %q", name, changed, place)
		}
	}
}
