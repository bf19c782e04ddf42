package vpn

import "slices"

// Warnings says of authorization rules what else is missing for packets to pass: a rule and a route
// are both needed, the route for each target network. Rules with nothing to say have no entry. Without a target network
// there are no warnings, because every destination would get one; rules that are being removed get none either.
func Warnings(e Endpoint, rules []Rule, associations []Association, routes []Route) map[RuleID]string {
	out := map[RuleID]string{}
	if !e.hasTarget(routes) {
		return out
	}
	unequal := UnequalRoutes(e.ClientCIDR, associations, routes)
	ways := waysOf(e.ClientCIDR, associations, routes)
	for _, r := range rules {
		switch {
		case r.Removed != 0:
		case !isRouted(r, routes):
			out[r.ID] = "No route leads there yet; create one in the route table."
		default:
			if text := partlyRouted(r, unequal, ways); text != "" {
				out[r.ID] = text
			}
		}
	}
	return out
}

// partlyRouted says which part of a rule's destination only some sessions have a route to; "" where there is none.
func partlyRouted(r Rule, unequal []UnequalRoute, ways map[AssociationID][]Range) string {
	for _, u := range unequal {
		if !u.Destination.Overlaps(r.Destination) {
			continue
		}
		if u.Destination.Bits() < r.Destination.Bits() {
			u.Destination = r.Destination
			u.divide(slices.Concat(u.Through, u.Missing), ways)
		}
		if len(u.Missing) > 0 {
			return "Routes lead to " + u.Destination.String() + " through " + u.Share() + " only; add the missing ones in the route table."
		}
	}
	return ""
}

// isRouted reports whether a route leads to a part of the rule's destination.
func isRouted(r Rule, routes []Route) bool {
	for _, route := range routes {
		if route.Removed == 0 && route.Destination.Overlaps(r.Destination) {
			return true
		}
	}
	return false
}

// Reason says what an endpoint in the given state waits for, or "" where it waits for nothing.
func (e Endpoint) Reason(state EndpointState, associations []AssociationStatus, o Observation) string {
	switch {
	case state == EndpointDeleting:
		return o.Waiting()
	case state != EndpointPendingAssociate:
		return ""
	}
	for _, a := range associations {
		if a.Reason != "" {
			return a.Reason
		}
	}
	if len(associations) > 0 {
		return o.Waiting()
	}
	return "Clients can connect after you associate the first target network."
}
