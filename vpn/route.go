package vpn

import (
	"fmt"
	"net/netip"
	"slices"
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

// RouteSpec is a request for routes to one destination as typed: one through each target. A target is the subnet of an
// association; LocalTarget stands alone.
type RouteSpec struct {
	Destination string
	Targets     []string
	Description string
}

// Local reports whether the route is the one between clients.
func (r Route) Local() bool { return r.Association == "" }

var routeStates = partStates[RouteState]{RouteCreating, RouteActive, RouteFailed, RouteDeleting}

// State reports the applied state, not the desired one, and the reason for it.
func (r Route) State(o Observation) (RouteState, string) {
	return routeStates.state(string(r.ID), r.Generations, o)
}

// AddRoutes checks a route through each target against the endpoint's associations and routes and creates them all, in one
// generation. Fields: destination, subnet, description.
func (e *Endpoint) AddRoutes(s RouteSpec, associations []Association, present []Route, q Quotas, now time.Time) ([]Route, error) {
	if e.Deleting {
		return nil, ErrEndpointDeleting(e.ID)
	}
	var c Check
	p, err := ParseCIDR(s.Destination)
	if err != nil {
		c.Bad("destination", err.Error())
	}
	description := checkDescription(&c, "description", s.Description)
	made := routeTargets(&c, s.Targets, associations)
	switch {
	case err != nil || len(made) == 0:
	case made[0].Local() && p != e.ClientCIDR:
		c.Bad("destination", fmt.Sprintf("The local route's destination is the client CIDR, %s.", e.ClientCIDR))
	case !made[0].Local():
		checkDestination(&c, p, e.ClientCIDR)
	}
	for i := range made {
		r := &made[i]
		r.ID, r.Endpoint, r.Destination, r.Description = NewRouteID(), e.ID, p, description
		r.Origin, r.CreatedAt, r.Added = OriginAddRoute, now, e.Generation+1
	}
	if !c.Has("destination") && !c.Has("subnet") {
		checkPresent(&c, made, present)
	}
	if err := Together(c.Err(), checkParts("routes", countManual(present), max(1, len(made)), q.Routes)); err != nil {
		return nil, err
	}
	e.Generation++
	return made, nil
}

// routeTargets gives a route without a destination for each target. Field: subnet.
func routeTargets(c *Check, targets []string, associations []Association) (made []Route) {
	var chosen []string
	for _, t := range targets {
		if t != "" && !slices.Contains(chosen, t) {
			chosen = append(chosen, t)
		}
	}
	switch targets = chosen; {
	case len(targets) == 0:
		c.Bad("subnet", "Choose a subnet of a target network association.")
		return nil
	case len(targets) == 1 && targets[0] == LocalTarget:
		return []Route{{}}
	case slices.Contains(targets, LocalTarget):
		c.Bad("subnet", "The local route leads through no subnet. Choose local alone, or subnets.")
		return nil
	}
	var gone []string
	for _, t := range targets {
		if a, ok := liveAssociation(associations, SubnetID(t)); ok {
			made = append(made, Route{Association: a.ID, Subnet: a.Subnet})
		} else {
			gone = append(gone, t)
		}
	}
	switch {
	case len(gone) == 1 && len(targets) == 1:
		c.Bad("subnet", "This subnet is not associated with the endpoint.")
	case len(gone) == 1:
		c.Bad("subnet", fmt.Sprintf("Subnet %s is not associated with the endpoint.", gone[0]))
	case len(gone) > 1:
		c.Bad("subnet", fmt.Sprintf("The subnets %s are not associated with the endpoint.", JoinWords(gone)))
	}
	return made
}

// checkDestination refuses what no route through a target network may have as its destination.
func checkDestination(c *Check, p, clients netip.Prefix) {
	if !IsAny(p) && p.Overlaps(clients) {
		c.Bad("destination", fmt.Sprintf("%s overlaps with the client CIDR %s; only the local route may lead there.", p, clients))
	}
	if why := unroutableReason(p); why != "" {
		c.Bad("destination", fmt.Sprintf("%s lies in %s.", p, why))
	}
}

// checkPresent refuses routes that are there already.
func checkPresent(c *Check, made, present []Route) {
	var twice []string
	for _, r := range made {
		if slices.ContainsFunc(present, func(o Route) bool {
			return o.Removed == 0 && o.Destination == r.Destination && o.Association == r.Association
		}) {
			twice = append(twice, string(r.Subnet))
		}
	}
	switch p := made[0].Destination; {
	case len(twice) == 0:
	case len(made) == 1:
		c.Bad("destination", fmt.Sprintf("There is already a route to %s with this target.", p))
	case len(twice) == len(made):
		c.Bad("destination", fmt.Sprintf("There is already a route to %s with each of these targets.", p))
	default:
		c.Bad("subnet", fmt.Sprintf("There is already a route to %s through %s. Untick it.", p, JoinWords(twice)))
	}
}

// countManual counts the routes that the quota is for: automatic ones come with their association.
func countManual(routes []Route) int {
	return countLive(routes, func(r Route) uint64 {
		if r.Origin == OriginAssociate {
			return 1
		}
		return r.Removed
	})
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
