package vpn

import (
	"cmp"
	"net/netip"
	"slices"
)

// DesiredInput is everything from which an endpoint's desired state is built, as stored.
type DesiredInput struct {
	Endpoint     Endpoint
	Server       Certificate
	ServerKey    Secret
	ClientCA     Certificate // zero where the endpoint is not Mutual
	SecondCA     Certificate // zero where the endpoint has no second client authority
	Associations []Association
	Rules        []Rule
	Routes       []Route
	Blocks       []int
}

// Desired builds the desired state. Removed parts are left out. The result does not depend on the order of the input,
// so that equal states have equal JSON.
func (p DesiredInput) Desired() Desired {
	e := p.Endpoint
	d := Desired{
		Endpoint: e.ID, Generation: e.Generation, PushGeneration: e.PushGeneration, Listen: e.Listen, ClientCIDR: e.ClientCIDR,
		Blocks: p.Blocks, Passwords: e.AsksPassword(), Browser: e.Federated(), WithoutCertificates: !e.Mutual(), ClientOptions: e.ClientOptions,
		Keys: Keys{
			Certificate: p.Server.PEM + p.Server.Chain, Key: p.ServerKey,
			ClientCA: p.ClientCA.TrustAnchor() + p.SecondCA.TrustAnchor(), TLSCrypt: e.TLSCrypt, TokenSecret: e.TokenSecret,
		},
		Associations: []DesiredAssociation{}, Rules: []DesiredRule{},
	}
	for _, a := range p.Associations {
		if a.Removed == 0 {
			d.Associations = append(d.Associations, DesiredAssociation{
				ID: a.ID, Subnet: a.CIDR, Zone: a.Zone, Routes: routesOf(a.ID, p.Routes),
			})
		}
	}
	for _, r := range p.Rules {
		if r.Removed == 0 {
			d.Rules = append(d.Rules, DesiredRule{ID: r.ID, Destination: r.Destination, AllUsers: r.AllUsers, Group: r.Group})
		}
	}
	for _, r := range p.Routes {
		if r.Removed == 0 && r.Local() {
			d.ClientToClient = true
		}
	}
	slices.SortFunc(d.Associations, func(a, b DesiredAssociation) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(d.Rules, func(a, b DesiredRule) int { return cmp.Compare(a.ID, b.ID) })
	return d
}

func routesOf(a AssociationID, routes []Route) []netip.Prefix {
	out := []netip.Prefix{}
	for _, r := range routes {
		if r.Association == a && r.Removed == 0 && !slices.Contains(out, r.Destination) {
			out = append(out, r.Destination)
		}
	}
	slices.SortFunc(out, comparePrefixes)
	return out
}
