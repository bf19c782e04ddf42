package dataplane

import (
	"net/netip"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

// bannerTitle is the title of the window in which clients show the endpoint's banner.
const bannerTitle = "Client login banner"

// directives turns the endpoint's vpn.ClientOptions into what OpenVPN tells the client of a session when it is admitted. Options
// that OpenVPN has no part in are applied elsewhere: SourceNAT by the nftables rules, SessionTimeout and SignInAgain by
// the end of the session.
func directives(d vpn.Desired, s session.Session) []ovpn.Directive {
	out := []ovpn.Directive{ovpn.IfconfigPush(s.Addr, d.ClientCIDR)}
	if !s.Named {
		// Without a user name of its own the client could not return with its token. One that has a
		// name must keep it: the token is bound to it.
		out = append(out, ovpn.PushAuthTokenUser(string(s.Connection)))
	}
	dns := d.DNSServers()
	for _, a := range dns {
		out = append(out, ovpn.PushDNS(a))
	}
	if len(dns) > 0 && !d.SplitTunnel { // a split tunnel leaves other names to the client's own servers
		out = append(out, ovpn.PushBlockOutsideDNS())
	}
	if d.BannerEnabled {
		out = append(out, ovpn.PushBanner(bannerTitle, d.Banner)...)
	}
	switch {
	case d.SplitTunnel:
		for _, p := range routesOf(d, s.Association) {
			out = append(out, ovpn.PushRoute(p))
		}
	case d.IPv6Outside:
		out = append(out, ovpn.PushRedirectGateway())
	default:
		// Only the three together keep a client's IPv6 from passing beside the tunnel.
		out = append(out, ovpn.PushIfconfigIPv6(vpn.ClientIPv6(d.Endpoint, s.Addr)), ovpn.PushRedirectAll(), ovpn.PushBlockIPv6())
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
