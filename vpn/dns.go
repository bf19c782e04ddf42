package vpn

import (
	"fmt"
	"net/netip"
	"strings"
)

// DNSServers are the servers that clients are told to use, in their order; none where that is switched off.
func (o ClientOptions) DNSServers() []netip.Addr {
	var out []netip.Addr
	for _, a := range []netip.Addr{o.DNS1, o.DNS2} {
		if o.DNSEnabled && a.IsValid() {
			out = append(out, a)
		}
	}
	return out
}

// checkDNS records what is wrong with an address of a DNS server; the zero address is none.
func checkDNS(c *Check, field string, a netip.Addr) {
	switch {
	case a == (netip.Addr{}):
	case !a.Is4():
		c.Bad(field, "The address of a DNS server is an IPv4 address.")
	default:
		if why := unroutableReason(netip.PrefixFrom(a, 32)); why != "" {
			c.Bad(field, fmt.Sprintf("%s is in %s: no client reaches a DNS server there.", a, why))
		}
	}
}

// ParseDNSServer reads the address of a DNS server as a person types it; blank is none. The error is a sentence for
// the field.
func ParseDNSServer(s string) (netip.Addr, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return netip.Addr{}, nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is4() {
		return netip.Addr{}, fmt.Errorf("%q is not an IPv4 address, such as 10.0.0.2.", s) //nolint:staticcheck // a sentence for a form field
	}
	return a, nil
}

// DNSWarning says which DNS servers clients are told to use and cannot reach, because no route or no rule leads
// there; "" where there is none. Without a target network it says nothing, as Warnings does.
func DNSWarning(e Endpoint, rules []Rule, routes []Route) string {
	if !e.hasTarget(routes) {
		return ""
	}
	var missing []string
	for _, a := range e.DNSServers() {
		routed, authorized := false, false
		for _, r := range routes {
			routed = routed || r.Removed == 0 && r.Destination.Contains(a)
		}
		for _, r := range rules {
			authorized = authorized || r.Removed == 0 && r.Destination.Contains(a)
		}
		switch {
		case !routed && !authorized:
			missing = append(missing, fmt.Sprintf("No route and no authorization rule leads to %s.", a))
		case !routed:
			missing = append(missing, fmt.Sprintf("No route leads to %s.", a))
		case !authorized:
			missing = append(missing, fmt.Sprintf("No authorization rule opens %s.", a))
		}
	}
	if len(missing) == 0 {
		return ""
	}
	return strings.Join(missing, " ") + " Connected clients may resolve no name."
}
