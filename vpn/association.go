package vpn

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Association is a target network association: a subnet through which an endpoint's clients
// reach the network (guide, "Target networks").
type Association struct {
	ID        AssociationID
	Endpoint  EndpointID
	Network   NetworkID
	Subnet    SubnetID
	CIDR      netip.Prefix // the subnet's
	Zone      string
	CreatedAt time.Time
	Generations
}

// AssociationState is where an association is in its life.
type AssociationState string

// The association states.
const (
	Associating       AssociationState = "associating"
	Associated        AssociationState = "associated"
	Disassociating    AssociationState = "disassociating"
	Disassociated     AssociationState = "disassociated"
	AssociationFailed AssociationState = "association-failed"
)

var associationStates = partStates[AssociationState]{Associating, Associated, AssociationFailed, Disassociating}

// State reports the applied state, not the desired one, and the reason for it.
func (a Association) State(o Observation) (AssociationState, string) {
	return associationStates.state(string(a.ID), a.Generations, o)
}

// Associate checks a target network for the endpoint and creates the association with its automatic routes, which
// are removed together with it. others are the endpoint's associations. A zero network or subnet is not judged: it was
// refused already. Fields: network, subnet.
func (e *Endpoint) Associate(n Network, s Subnet, others []Association, now time.Time) (Association, []Route, error) {
	if e.Deleting {
		return Association{}, nil, ErrEndpointDeleting(e.ID)
	}
	var c Check
	if s.ID != "" && n.ID != "" && s.Network != n.ID {
		c.Bad("subnet", fmt.Sprintf("Subnet %s does not belong to network %s.", s.Label(), n.Label()))
	}
	for _, o := range others {
		if o.Removed == 0 && n.ID != "" && o.Network != n.ID {
			c.Bad("network", "All target networks of an endpoint must be subnets of one network; this endpoint has "+string(o.Network)+".")
		}
		switch {
		case o.Subnet == s.ID && o.Removed == 0:
			c.Bad("subnet", fmt.Sprintf("Subnet %s is already associated.", s.Label()))
		case o.Subnet == s.ID:
			c.Bad("subnet", fmt.Sprintf("Subnet %s is still being disassociated; try again in a moment.", s.Label()))
		case o.Removed == 0 && o.Network == s.Network && o.Zone == s.Zone:
			c.Bad("subnet", fmt.Sprintf("Availability zone %s already has a target network (%s); each must be in a different zone.", s.Zone, o.Subnet))
		}
	}
	if n.ID != "" && e.NetworkChosen && e.Network != n.ID {
		c.Bad("network", "The endpoint is bound to network "+string(e.Network)+". Modify the endpoint to choose another.")
	}
	if err := e.checkNetworkRanges(&c, n); err != nil {
		return Association{}, nil, err
	}
	e.Generation++
	e.Network = n.ID
	a := Association{
		ID: NewAssociationID(), Endpoint: e.ID, Network: n.ID, Subnet: s.ID, CIDR: s.CIDR, Zone: s.Zone,
		CreatedAt: now, Generations: Generations{Added: e.Generation},
	}
	routes := make([]Route, 0, len(n.CIDRs))
	for _, cidr := range n.CIDRs {
		routes = append(routes, automaticRoute(a, cidr, e.Generation, now))
	}
	return a, routes, nil
}

// ZoneAdvice recommends a target network in a second availability zone where there is only one (guide, "Associate
// a target network with a Client VPN endpoint"); "" where there are more, or none.
func ZoneAdvice(associations []Association) string {
	var zones []string
	for _, a := range associations {
		if a.Removed == 0 && !slices.Contains(zones, a.Zone) {
			zones = append(zones, a.Zone)
		}
	}
	if len(zones) != 1 {
		return ""
	}
	return "All target networks are in availability zone " + zones[0] + ". Two zones are recommended: when one is disassociated, its sessions go on through the other."
}

// Disassociate marks the association and its routes as removed in the next generation, and returns these routes.
// remaining is the number of the endpoint's other live associations; at 0 the endpoint
// keeps only a network that was chosen for it.
func (e *Endpoint) Disassociate(a *Association, routes []Route, remaining int) ([]Route, error) {
	if a.Endpoint != e.ID {
		return nil, NoSuch(CodeAssociationNotFound, "target network association", string(a.ID))
	}
	if a.Removed != 0 {
		return nil, Refuse(Conflict, CodeIncorrectState, "This target network is already being disassociated.")
	}
	e.Generation++
	a.Removed = e.Generation
	var leaving []Route
	for _, r := range routes {
		if r.Association == a.ID && r.Removed == 0 {
			r.Removed = e.Generation
			leaving = append(leaving, r)
		}
	}
	if remaining == 0 && !e.NetworkChosen {
		e.Network = ""
	}
	return leaving, nil
}
