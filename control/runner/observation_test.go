package runner_test

import (
	"slices"
	"testing"
	"time"

	"sallyport/vpn"
)

// Faults that the dataplane reports become the state of their subject, and end with their cause.
func TestFaults(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	fault := vpn.Fault{Subject: string(s.Association.ID), Message: "No interface reaches 10.0.1.0/24.", Since: s.Clock.Now()}
	s.Dataplane.Faults[s.Endpoint.ID] = []vpn.Fault{fault}
	s.Reconcile()
	if state, why := s.associationState(); state != vpn.AssociationFailed || why != fault.Message || s.View().State != vpn.EndpointPendingAssociate {
		t.Errorf("got %s, %q", state, why)
	}
	page, err := s.Endpoints.Endpoints(t.Context(), s.Admin, vpn.List{})
	if err != nil || page.Items[0].Fault != fault.Message {
		t.Errorf("the list says %q, %v", page.Items[0].Fault, err)
	}
	delete(s.Dataplane.Faults, s.Endpoint.ID)
	s.Reconcile()
	if state, _ := s.associationState(); state != vpn.Associated {
		t.Errorf("got %s", state)
	}
}

// The way to a target network is stored as the dataplane reports it, and again when it changes.
func TestWaysAreObserved(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	way := vpn.Way{Association: s.Association.ID, Subnet: s.Association.CIDR, Interface: "eth1", Since: s.Clock.Now()}
	for _, name := range []string{"eth1", "eth2"} { // the second one within the life of the first observation
		way.Interface = name
		s.Dataplane.TargetWays[s.Endpoint.ID] = []vpn.Way{way}
		s.Reconcile()
		if got := s.View().Associations[0].Way; !got.Same(way) {
			t.Errorf("got %+v, want %+v", got, way)
		}
	}
}

// A deleted endpoint is listed until the dataplane no longer has it; its connections end with it.
func TestDeletingEndpoint(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	c := s.Connect("alice")
	s.Must(s.Endpoints.Disassociate(t.Context(), s.Admin, s.Endpoint.ID, s.Association.ID))
	s.Reconcile()
	s.Must(s.Endpoints.DeleteEndpoint(t.Context(), s.Admin, s.Endpoint.ID, "delete"))
	s.Dataplane.Slow = true // Forget has yet to take effect
	s.Reconcile()
	if v := s.View(); v.State != vpn.EndpointDeleting || !slices.Contains(s.Dataplane.Forgotten, s.Endpoint.ID) {
		t.Errorf("got %s, forgotten %v", v.State, s.Dataplane.Forgotten)
	}
	_, err := s.Endpoints.Authorize(t.Context(), s.Admin, s.Endpoint.ID, vpn.RuleSpec{Destination: "10.0.0.0/16", AllUsers: true})
	s.WantKind("a rule for it", err, vpn.Conflict, "is being deleted")
	s.Dataplane.Slow = false
	s.Reconcile() // forgets
	s.Reconcile() // finds it removed
	_, err = s.Endpoints.Endpoint(t.Context(), s.Admin, s.Endpoint.ID)
	s.WantKind("afterwards", err, vpn.NotFound, string(s.Endpoint.ID))
	if got := s.Connection(c.ID); got.Status != vpn.ConnectionTerminated || got.EndReason != "The endpoint was deleted." {
		t.Errorf("the connection is %s: %s", got.Status, got.EndReason)
	}
	if r := s.LastAudit(); r.Action != "FinishDeleteClientVpnEndpoint" || r.Actor != "system" || r.Subject != string(s.Endpoint.ID) {
		t.Errorf("audit %+v", r)
	}
	// The certificate is free now, and the name as well.
	s.Must(s.Certificates.DeleteCertificate(t.Context(), s.Admin, s.Server.ID))
}

// An unchanged report is not stored every second, but often enough to stay fresh.
func TestObservationsAreWrittenSparingly(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	seen := s.View().Observation.SeenAt
	for range 4 {
		s.Clock.Pass(time.Second)
		s.Reconcile()
	}
	if got := s.View().Observation; !got.SeenAt.Equal(seen) || !got.Fresh {
		t.Errorf("seen at %s, fresh %v", got.SeenAt, got.Fresh)
	}
	s.Clock.Pass(time.Second)
	s.Reconcile()
	if got := s.View().Observation; !got.SeenAt.Equal(s.Clock.Now()) {
		t.Errorf("seen at %s", got.SeenAt)
	}
	s.Clock.Pass(vpn.ObservationLife)
	if s.View().Observation.Fresh {
		t.Error("an old report counts as fresh")
	}
}
