package nft

import (
	"context"
	"net/netip"

	"sallyport/vpn"
)

// Probe reports whether this host supports our rules: nft checks, without applying it, a ruleset
// that uses every kernel feature that a real one uses. The error is a *vpn.Error of kind Unavailable.
func Probe(ctx context.Context) error {
	endpoint := vpn.EndpointID("cvpn-endpoint-00000000000000000")
	association := vpn.AssociationID("cvpn-assoc-00000000000000000")
	client := netip.MustParsePrefix("192.0.2.0/24")
	r := Ruleset{Mark: 1, Limits: DefaultLimits, Endpoints: []Endpoint{{
		ID: endpoint, Devices: []string{"probe0"}, ClientCIDR: client, Gateway: netip.MustParseAddr("192.0.2.1"),
		Public: []netip.AddrPort{netip.MustParseAddrPort("198.51.100.1:1194")}, Transport: vpn.UDP,
		Workers: []uint16{40001, 40002}, HashSeed: 1, SourceNAT: true, ClientToClient: true,
		Rules: []vpn.DesiredRule{
			{Destination: netip.MustParsePrefix("203.0.113.1/32"), AllUsers: true},
			{Destination: netip.MustParsePrefix("203.0.113.0/24"), Group: "probe"},
		},
		Associations: []Association{{ID: association, Routes: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}},
	}}}
	session := Session{Addr: netip.MustParseAddr("192.0.2.2"), Device: "probe0", Endpoint: endpoint, Association: association, Groups: []string{"probe"}}
	text := Render(DefaultName+"-probe", r, []Session{session}, Objects{})
	if err := runNft(ctx, text, "-c"); err != nil {
		return asUnavailable(err)
	}
	return nil
}
