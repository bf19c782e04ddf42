package vpn

import (
	"fmt"
	"net/netip"
	"time"
)

// Route is an entry of an endpoint's route table: through which association its clients reach a
// destination (guide, "Routes").
type Route struct {
	ID          RouteID
	Endpoint    EndpointID
	Association AssociationID // empty for the local route
	Subnet      SubnetID      // empty for the local route
	Destination netip.Prefix
	Origin      RouteOrigin
	Description string
	CreatedAt   time.Time
	Generations
}

// RouteOrigin is how a route was created.
type RouteOrigin string

// The origins, in the API's words.
const (
	OriginAssociate RouteOrigin = "associate"
	OriginAddRoute  RouteOrigin = "add-route"
)

// RouteState is where a route is in its life.
type RouteState string

// The route states.
const (
	RouteCreating RouteState = "creating"
	RouteActive   RouteState = "active"
	RouteDeleting RouteState = "deleting"
	RouteFailed   RouteState = "failed"
)

// LocalTarget stands where a subnet would, for the route between clients of the endpoint.
const LocalTarget = "local"

// RouteSpec is a request for a route as typed. Target is the subnet of an association, or
// LocalTarget.
type RouteSpec struct {
	Destination string
	Target      string
	Description string
}

// Local reports whether the route is the one between clients.
func (r Route) Local() bool { return r.Association == "" }

var routeStates = partStates[RouteState]{RouteCreating, RouteActive, RouteFailed, RouteDeleting}

// State reports the applied state, not the desired one, and the reason for it.
func (r Route) State(o Observation) (RouteState, string) {
	return routeStates.state(string(r.ID), r.Generations, o)
}

// AddRoute checks a route against the endpoint's associations and routes and creates it.
// Fields: destination, subnet, description.
func (e *Endpoint) AddRoute(s RouteSpec, associations []Association, present []Route, q Quotas, now time.Time) (Route, error) {
	if e.Deleting {
		return Route{}, ErrEndpointDeleting(e.ID)
	}
	var c Check
	r := Route{ID: NewRouteID(), Endpoint: e.ID, Origin: OriginAddRoute, CreatedAt: now}
	p, err := ParseCIDR(s.Destination)
	if err != nil {
		c.Bad("destination", err.Error())
	}
	r.Destination = p
	r.Description = checkDescription(&c, "description", s.Description)
	switch {
	case s.Target == "":
		c.Bad("subnet", "Choose a subnet of a target network association.")
	case s.Target == LocalTarget:
		if err == nil && p != e.ClientCIDR {
			c.Bad("destination", fmt.Sprintf("The local route's destination is the client CIDR, %s.", e.ClientCIDR))
		}
	default:
		a, ok := liveAssociation(associations, SubnetID(s.Target))
		if !ok {
			c.Bad("subnet", "This subnet is not associated with the endpoint.")
		}
		r.Association, r.Subnet = a.ID, a.Subnet
		if err == nil && !IsAny(p) && p.Overlaps(e.ClientCIDR) {
			c.Bad("destination", fmt.Sprintf("%s overlaps with the client CIDR %s; only the local route may lead there.", p, e.ClientCIDR))
		}
		if why := unroutableReason(p); err == nil && why != "" {
			c.Bad("destination", fmt.Sprintf("%s lies in %s.", p, why))
		}
	}
	for _, o := range present {
		if o.Removed == 0 && o.Destination == p && o.Association == r.Association && !c.Has("destination") && !c.Has("subnet") {
			c.Bad("destination", fmt.Sprintf("There is already a route to %s with this target.", p))
		}
	}
	live := countLive(present, func(o Route) uint64 {
		if o.Origin == OriginAssociate {
			return 1 // automatic routes do not count
		}
		return o.Removed
	})
	if err := Together(c.Err(), checkParts("routes", live, q.Routes)); err != nil {
		return Route{}, err
	}
	e.Generation++
	r.Added = e.Generation
	return r, nil
}

// RemoveRoute marks a manual route as removed in the next generation. Automatic routes are removed with their association.
func (e *Endpoint) RemoveRoute(r *Route) error {
	if r.Endpoint != e.ID {
		return NoSuch(CodeRouteNotFound, "route", string(r.ID))
	}
	if err := r.CheckRemove(); err != nil {
		return err
	}
	e.Generation++
	r.Removed = e.Generation
	return nil
}

// CheckRemove says why the route cannot be removed by itself; nil where it can.
func (r Route) CheckRemove() error {
	switch {
	case r.Origin == OriginAssociate:
		return Refuse(Conflict, CodeInvalidParameterValue, "This route was added automatically with its target network; disassociate the target network to remove it.")
	case r.Removed != 0:
		return Refuse(Conflict, CodeIncorrectState, "This route is already being deleted.")
	}
	return nil
}

func liveAssociation(as []Association, subnet SubnetID) (Association, bool) {
	for _, a := range as {
		if a.Subnet == subnet && a.Removed == 0 {
			return a, true
		}
	}
	return Association{}, false
}
