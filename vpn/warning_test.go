package vpn

import (
	"net/netip"
	"testing"
	"time"
)

// A rule lets packets pass only where a route leads to some of its destination.
func TestWarnings(t *testing.T) {
	t.Parallel()
	const missing = "No route leads there yet; create one in the route table."
	for _, c := range []struct {
		name    string
		network NetworkID
		rule    string
		removed uint64 // of the rule
		routes  []string
		leaving []string // routes that are being removed
		want    string
	}{
		{"the same range", "vpc-1", "10.0.0.0/16", 0, []string{"10.0.0.0/16"}, nil, ""},
		{"a wider route", "vpc-1", "10.0.1.0/24", 0, []string{"10.0.0.0/16"}, nil, ""},
		{"a route to a part of it", "vpc-1", "10.0.0.0/8", 0, []string{"10.0.0.0/16"}, nil, ""},
		{"the route to everywhere", "vpc-1", "192.0.2.0/24", 0, []string{"0.0.0.0/0"}, nil, ""},
		{"the rule for everywhere", "vpc-1", "0.0.0.0/0", 0, []string{"10.0.0.0/16"}, nil, ""},
		{"another range", "vpc-1", "192.0.2.0/24", 0, []string{"10.0.0.0/16", "198.51.100.0/24"}, nil, missing},
		{"no route", "vpc-1", "10.0.0.0/16", 0, nil, nil, missing},
		{"a route that is being removed", "vpc-1", "10.0.0.0/16", 0, nil, []string{"10.0.0.0/16"}, missing},
		{"a rule that is being removed", "vpc-1", "10.0.0.0/16", 7, nil, nil, ""},
		{"no target network", "", "10.0.0.0/16", 0, nil, nil, ""},
	} {
		rule := Rule{ID: "rule", Destination: netip.MustParsePrefix(c.rule), Generations: Generations{Removed: c.removed}}
		var routes []Route
		for _, r := range c.routes {
			routes = append(routes, Route{Destination: netip.MustParsePrefix(r)})
		}
		for _, r := range c.leaving {
			routes = append(routes, Route{Destination: netip.MustParsePrefix(r), Generations: Generations{Removed: 5}})
		}
		if got := Warnings(Endpoint{Network: c.network}, []Rule{rule}, nil, routes)["rule"]; got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestEndpointReason(t *testing.T) {
	t.Parallel()
	silent := Observation{}
	fresh := Observation{Endpoint: "e", SeenAt: time.Unix(1, 0), Fresh: true}
	faulty := fresh
	faulty.Faults = []Fault{{Subject: "e", Message: "Port 443 is taken."}}
	waiting := AssociationStatus{State: Associating}
	failed := AssociationStatus{State: AssociationFailed, Reason: "The nft program failed."}
	for _, c := range []struct {
		name         string
		state        EndpointState
		associations []AssociationStatus
		o            Observation
		want         string
	}{
		{"available", EndpointAvailable, []AssociationStatus{failed}, faulty, ""},
		{"no target network", EndpointPendingAssociate, nil, faulty, "Clients can connect after you associate the first target network."},
		{"the dataplane is silent", EndpointPendingAssociate, []AssociationStatus{waiting}, silent, "No dataplane has reported on this endpoint yet."},
		{"a moment's matter", EndpointPendingAssociate, []AssociationStatus{waiting}, fresh, ""},
		{"the endpoint has a fault", EndpointPendingAssociate, []AssociationStatus{waiting}, faulty, "Port 443 is taken."},
		{"an association has a fault", EndpointPendingAssociate, []AssociationStatus{waiting, failed}, fresh, "The nft program failed."},
		{"deleting", EndpointDeleting, []AssociationStatus{failed}, faulty, "Port 443 is taken."},
	} {
		if got := (Endpoint{ID: "e"}).Reason(c.state, c.associations, c.o); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
