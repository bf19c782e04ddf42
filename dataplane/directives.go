package dataplane

import (
	"net/netip"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

// directives turns the endpoint's vpn.ClientOptions into what OpenVPN tells the client of a session when it is admitted. Options
// that OpenVPN has no part in are applied elsewhere: SourceNAT by the nftables rules, SessionTimeout by the end of the
// session.
func directives(d vpn.Desired, s session.Session) []ovpn.Directive {
	out := []ovpn.Directive{ovpn.IfconfigPush(s.Addr, d.ClientCIDR)}
	if !s.Named {
		// Without a user name of its own the client could not return with its token. One that has a
		// name must keep it: the token is bound to it.
		out = append(out, ovpn.PushAuthTokenUser(string(s.Connection)))
	}
	if !d.SplitTunnel {
		return append(out, ovpn.PushRedirectGateway(), ovpn.PushBlockIPv6())
	}
	for _, p := range routesOf(d, s.Association) {
		out = append(out, ovpn.PushRoute(p))
	}
	return out
}

// routesOf are the destinations that clients of an association have a route to.
func routesOf(d vpn.Desired, id vpn.AssociationID) []netip.Prefix {
	for _, a := range d.Associations {
		if a.ID == id {
			return a.Routes
		}
	}
	return nil
}
