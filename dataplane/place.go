package dataplane

import (
	"fmt"
	"net/netip"
	"slices"

	"sallyport/dataplane/host"
	"sallyport/vpn"
)

// maxUsed bounds the ranges of a reply: a host may have the routes of the whole internet.
const maxUsed = 10_000

// Host tells what this host offers to a new endpoint.
func (e *Engine) Host() (vpn.Host, error) {
	h := vpn.Host{Addresses: []netip.Addr{}, Used: []netip.Prefix{}, ClientRanges: []netip.Prefix{}}
	policy, problem := e.policy.Current()
	if problem != "" {
		return h, nil // nothing is allowed
	}
	addresses, err := host.Addresses()
	if err != nil {
		return h, err
	}
	for _, a := range addresses {
		if policy.AllowsAddress(a) == "" {
			h.Addresses = append(h.Addresses, a)
		}
	}
	h.EveryAddress = policy.AllowsAddress(netip.IPv4Unspecified()) == ""
	h.ClientRanges = append(h.ClientRanges, policy.ClientRanges...)
	used, err := host.UsedRanges()
	for _, u := range used {
		if vpn.OverlapsPrivate(u.Range) && len(h.Used) < maxUsed {
			h.Used = append(h.Used, u.Range)
		}
	}
	return h, err
}

// CheckPlace refuses what a new endpoint cannot have on this host. Fields: listen_addr, client_cidr, port.
func (e *Engine) CheckPlace(p vpn.Place) error {
	if err := p.Validate(); err != nil {
		return err
	}
	var c vpn.Check
	policy, problem := e.policy.Current()
	if problem != "" {
		c.Bad("client_cidr", problem)
		return c.Err()
	}
	if p.Address.IsValid() {
		if why := policy.AllowsAddress(p.Address); why != "" {
			c.Bad("listen_addr", why)
		}
		addresses, err := host.Addresses()
		if err != nil {
			return err
		}
		if !p.Address.IsUnspecified() && !slices.Contains(addresses, p.Address) {
			c.Bad("listen_addr", fmt.Sprintf("This host has no address %s to listen on.", p.Address))
		}
		if p.Port != 0 && !c.Has("listen_addr") {
			if why := host.PortTaken(p.Transport, netip.AddrPortFrom(p.Address, p.Port)); why != "" {
				c.Bad("port", why+" Choose another port, or stop that program.")
			}
		}
	}
	if p.ClientCIDR.IsValid() {
		if why := policy.AllowsClients(p.ClientCIDR); why != "" {
			c.Bad("client_cidr", why)
		}
		err := host.CheckOverlap(p.ClientCIDR)
		if vpn.KindOf(err) == vpn.Conflict {
			c.Bad("client_cidr", adminMessage(err))
		} else if err != nil {
			return err
		}
	}
	return c.Err()
}
