package vpn

import (
	"fmt"
	"net/netip"
)

// Host is what the machine of a dataplane offers to a new endpoint.
type Host struct {
	// Addresses are those that an endpoint can listen on, sorted: what the host policy does not allow is left out.
	Addresses []netip.Addr `json:"addresses"`
	// EveryAddress: the host policy allows an endpoint to listen on every address of the host.
	EveryAddress bool `json:"every_address"`
	// Used are the private ranges that the host has an address in or a route to.
	Used []netip.Prefix `json:"used"`
	// ClientRanges are those that the host policy requires client CIDRs to lie in; empty: any.
	ClientRanges []netip.Prefix `json:"client_ranges"`
}

// Place is what a new endpoint needs for itself on a host. A zero part is not asked for: it was refused already.
type Place struct {
	Address    netip.Addr   `json:"address"` // to listen on; unspecified: every address of the host
	ClientCIDR netip.Prefix `json:"client_cidr"`
	Transport  Transport    `json:"transport,omitempty"`
	Port       uint16       `json:"port,omitempty"` // on Address; another program may have it
}

// Place is what the endpoint needs for itself on a host.
func (e Endpoint) Place() Place {
	p := Place{Address: e.Listen.Addr, ClientCIDR: e.ClientCIDR}
	if t := e.Listen.Transport; t == UDP || t == TCP {
		p.Transport, p.Port = t, e.Listen.Port
	}
	return p
}

// Validate is the dataplane's check of a message.
func (p Place) Validate() error {
	var c Check
	if p.Address.IsValid() && !p.Address.Is4() {
		c.Bad("listen_addr", "The listen address is malformed.")
	}
	if p.ClientCIDR.IsValid() && !ValidClientCIDR(p.ClientCIDR) {
		c.Bad("client_cidr", "The client CIDR is malformed.")
	}
	if p.Port != 0 && p.Transport != UDP && p.Transport != TCP {
		c.Bad("port", "The transport protocol is malformed.")
	}
	return c.Err()
}

// CheckNetworks refuses a client CIDR that overlaps with a network: none of its subnets could become a target network.
// Field: client_cidr.
func (e Endpoint) CheckNetworks(networks []Network) error {
	var c Check
	for _, n := range networks {
		for _, cidr := range n.CIDRs {
			if cidr.Overlaps(e.ClientCIDR) {
				c.Bad("client_cidr", fmt.Sprintf("%s overlaps with %s of network %s.", e.ClientCIDR, cidr, n.Label()))
			}
		}
	}
	return c.Err()
}
