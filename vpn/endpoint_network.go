package vpn

import (
	"fmt"
	"slices"
)

// ChooseNetwork binds the endpoint to a network: its target networks are then subnets of this one. The zero Network
// frees it. present are the endpoint's associations: with one, the network cannot be another. Field: network.
func (e *Endpoint) ChooseNetwork(n Network, present []Association) error {
	var c Check
	associated := slices.ContainsFunc(present, func(a Association) bool { return a.Removed == 0 })
	if associated && n.ID != "" && n.ID != e.Network {
		c.Bad("network", "The network can be changed only while no target network is associated.")
		return c.Err()
	}
	if err := e.checkNetworkRanges(&c, n); err != nil {
		return err
	}
	if e.NetworkChosen = n.ID != ""; !associated {
		e.Network = n.ID
	}
	return nil
}

// checkNetworkRanges refuses a network that overlaps with the client CIDR. Field: network.
func (e *Endpoint) checkNetworkRanges(c *Check, n Network) error {
	for _, cidr := range n.CIDRs {
		if cidr.Overlaps(e.ClientCIDR) {
			c.Bad("network", fmt.Sprintf("The client CIDR %s overlaps with %s of network %s.", e.ClientCIDR, cidr, n.Label()))
		}
	}
	return c.Err()
}

// hasTarget tells whether the endpoint has a target network. A chosen network may have none associated; each that is
// brings routes.
func (e Endpoint) hasTarget(routes []Route) bool {
	return e.Network != "" && !e.NetworkChosen || slices.ContainsFunc(routes, func(r Route) bool { return r.Association != "" && r.Removed == 0 })
}
