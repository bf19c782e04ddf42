package vpn

import (
	"net/netip"
	"slices"
)

// WidestBits bounds the prefixes that matter to InternetWarning: everything, or one half of it.
const WidestBits = 1

// InternetWarning says what keeps clients from the internet whose endpoint takes all of their traffic; empty: nothing does, or split-tunnel
// leaves the internet to their own network. Rules and routes of a prefix above WidestBits do not matter. It is about an endpoint
// with a target network.
func InternetWarning(e Endpoint, rules []Rule, routes []Route) string {
	if e.SplitTunnel {
		return ""
	}
	var routed, authorized []netip.Prefix
	for _, r := range routes {
		if r.Removed == 0 {
			routed = append(routed, r.Destination)
		}
	}
	for _, r := range rules {
		if r.Removed == 0 {
			authorized = append(authorized, r.Destination)
		}
	}
	missing := ""
	switch way, may := everywhere(routed), everywhere(authorized); {
	case !way && !may:
		missing = "no route and no authorization rule leads to 0.0.0.0/0"
	case !way:
		missing = "no route leads to 0.0.0.0/0"
	case !may:
		missing = "no authorization rule opens 0.0.0.0/0"
	default:
		return ""
	}
	return "Split-tunnel is disabled and " + missing + ": connected clients do not reach the internet. Enable split-tunnel, or provide access to the internet."
}

// everywhere tells whether the destinations are all addresses: 0.0.0.0/0 or both halves.
func everywhere(destinations []netip.Prefix) bool {
	halves := slices.DeleteFunc(slices.Clone(destinations), func(p netip.Prefix) bool { return p.Bits() != 1 })
	return slices.ContainsFunc(destinations, IsAny) || slices.ContainsFunc(halves, func(p netip.Prefix) bool { return p != halves[0] })
}
