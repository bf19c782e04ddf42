package runner_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/control/runner"
	"sallyport/vpn"
)

func (s *site) associationState() (vpn.AssociationState, string) {
	s.T.Helper()
	rows := s.View().Associations
	if len(rows) == 0 {
		return "", ""
	}
	return rows[0].State, rows[0].Reason
}

func (s *site) ruleState(id vpn.RuleID) (vpn.RuleState, string) {
	s.T.Helper()
	r, err := s.Endpoints.Rule(s.T.Context(), s.Admin, s.Endpoint.ID, id)
	if vpn.KindOf(err) == vpn.NotFound && err != nil {
		return "", ""
	}
	s.Must(err)
	return r.State, r.Reason
}

// States follow what the dataplane has applied: what was saved waits for that, and what was removed is
// listed until it is out of the kernel.
func TestStatesFollowWhatIsApplied(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Dataplane.Slow = true
	s.Association = s.Associate(s.A)
	rule := s.Authorize("10.0.0.0/16")
	s.Reconcile()
	check := func(what string, endpoint vpn.EndpointState, association vpn.AssociationState, state vpn.RuleState) {
		t.Helper()
		gotA, _ := s.associationState()
		gotR, _ := s.ruleState(rule.ID)
		if v := s.View(); v.State != endpoint || gotA != association || gotR != state {
			t.Errorf("%s: got %s, %q, %q", what, v.State, gotA, gotR)
		}
	}
	check("sent, not applied", vpn.EndpointPendingAssociate, vpn.Associating, vpn.RuleAuthorizing)
	s.Reconcile()
	check("still not applied", vpn.EndpointPendingAssociate, vpn.Associating, vpn.RuleAuthorizing)
	s.Dataplane.Slow = false
	s.Reconcile()
	check("applied", vpn.EndpointAvailable, vpn.Associated, vpn.RuleActive)

	s.Dataplane.Slow = true
	s.Must(s.Endpoints.Revoke(t.Context(), s.Admin, s.Endpoint.ID, rule.ID))
	s.Reconcile()
	check("revoked, not yet out", vpn.EndpointAvailable, vpn.Associated, vpn.RuleRevoking)
	if d := s.Dataplane.Desired[s.Endpoint.ID]; len(d.Rules) != 0 {
		t.Errorf("the dataplane still wants %v", d.Rules)
	}
	s.Dataplane.Slow = false
	s.Reconcile()
	check("revoked and out", vpn.EndpointAvailable, vpn.Associated, "")

	s.Dataplane.Slow = true
	s.Must(s.Endpoints.Disassociate(t.Context(), s.Admin, s.Endpoint.ID, s.Association.ID))
	s.Reconcile()
	check("disassociating", vpn.EndpointPendingAssociate, vpn.Disassociating, "")
	s.Dataplane.Slow = false
	s.Reconcile()
	check("disassociated", vpn.EndpointPendingAssociate, "", "")
	if left := s.Query("SELECT id FROM route"); len(left) != 0 {
		t.Errorf("routes are left: %v", left)
	}
	applies := s.Dataplane.Applies
	s.Reconcile()
	if s.Dataplane.Applies != applies {
		t.Error("what is applied is sent again")
	}
}

// A dataplane that has applied a rule and not its removal: the row stays until it has.
func TestRemovalIsNotAppliedByOlderNews(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	s.Dataplane.Slow = true
	rule := s.Authorize("10.0.0.0/16")
	s.Must(s.Endpoints.Revoke(t.Context(), s.Admin, s.Endpoint.ID, rule.ID))
	s.Dataplane.Do(func() { s.Dataplane.Applied[s.Endpoint.ID] = rule.Added })
	s.Reconcile()
	if state, _ := s.ruleState(rule.ID); state != vpn.RuleRevoking {
		t.Errorf("the rule is %q while the kernel has it", state)
	}
	s.Dataplane.Slow = false
	s.Reconcile()
	if state, _ := s.ruleState(rule.ID); state != "" {
		t.Errorf("the rule is %q", state)
	}
}

// Without a dataplane nothing is shown as applied, and the console says since when it does not answer.
func TestDataplaneUnreachable(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Dataplane.Down = controltest.ErrDown
	s.Association = s.Associate(s.A)
	if err := s.Runner.ReconcileOnce(t.Context()); !errors.Is(err, controltest.ErrDown) {
		t.Fatalf("got %v", err)
	}
	if state, why := s.associationState(); state != vpn.Associating || !strings.Contains(why, "No dataplane has reported") {
		t.Errorf("got %s, %q", state, why)
	}
	node, err := s.Nodes.Node(t.Context(), s.Admin)
	if err != nil || node.Reachable || !strings.Contains(node.Message, "No dataplane answers on this host") {
		t.Errorf("node: %+v, %v", node, err)
	}
	s.Dataplane.Down = nil
	s.Reconcile()
	if state, _ := s.associationState(); state != vpn.Associated {
		t.Errorf("got %s", state)
	}
	// The dataplane does not answer: what was applied stays, what is new waits.
	s.Dataplane.Down = controltest.ErrDown
	s.Clock.Pass(vpn.ObservationLife)
	rule := s.Authorize("10.0.0.0/16")
	_ = s.Runner.ReconcileOnce(t.Context())
	if state, _ := s.associationState(); state != vpn.Associated {
		t.Errorf("the association is %s", state)
	}
	if state, why := s.ruleState(rule.ID); state != vpn.RuleAuthorizing || !strings.Contains(why, "has not answered since 12:00:00 UTC") {
		t.Errorf("the rule is %s, %q", state, why)
	}
	// A dataplane that lost its state gets all of it again.
	s.Dataplane.Do(func() { s.Dataplane.Down = nil; clear(s.Dataplane.Applied); clear(s.Dataplane.Desired) })
	s.Reconcile()
	if state, why := s.ruleState(rule.ID); state != vpn.RuleActive || why != "" {
		t.Errorf("the rule is %s, %q", state, why)
	}
}

// The reason why the dataplane refuses a desired state is shown where people wait for it.
func TestRefusedDesiredState(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Dataplane.Refuse = vpn.Refuse(vpn.Conflict, "X", "The host policy forbids port 443.")
	s.Association = s.Associate(s.A)
	if err := s.Runner.ReconcileOnce(t.Context()); err == nil {
		t.Error("the refusal is not returned")
	}
	if state, why := s.associationState(); state != vpn.Associating || !strings.Contains(why, "The host policy forbids port 443.") {
		t.Errorf("got %s, %q", state, why)
	}
	// A missing key is shown too.
	s.Dataplane.Refuse = nil
	if _, err := s.Raw.ExecContext(t.Context(), "DELETE FROM certificate_key WHERE certificate_id = ?", string(s.Server.ID)); err != nil {
		t.Fatal(err)
	}
	if err := s.Runner.ReconcileOnce(t.Context()); err == nil {
		t.Error("a missing key is not returned")
	}
	if _, why := s.associationState(); why == "" {
		t.Error("a missing key is not shown")
	}
}

// After a backup was restored, the kernel has a newer generation: the state is sent again with a newer one.
func TestRestoredBackup(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	rule := s.Authorize("10.0.0.0/16")
	s.Dataplane.Do(func() {
		s.Dataplane.Applied[s.Endpoint.ID] = 40
		d := s.Dataplane.Desired[s.Endpoint.ID]
		d.Generation = 40
		s.Dataplane.Desired[s.Endpoint.ID] = d
	})
	s.Reconcile()
	d := s.Dataplane.Desired[s.Endpoint.ID]
	if d.Generation != 41 || len(d.Rules) != 1 || s.View().Generation != 41 {
		t.Errorf("the dataplane has generation %d with %v, the database %d", d.Generation, d.Rules, s.View().Generation)
	}
	if state, _ := s.ruleState(rule.ID); state != vpn.RuleActive {
		t.Errorf("the rule is %s", state)
	}
	s.Reconcile()
	if got := s.View().Generation; got != 41 {
		t.Errorf("and on: %d", got)
	}
}

// Endpoints that the database does not have are removed from the dataplane.
func TestUnknownEndpointIsForgotten(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	stray := vpn.NewEndpointID()
	s.Dataplane.Applied[stray] = 3
	s.Reconcile()
	if !slices.Equal(s.Dataplane.Forgotten, []vpn.EndpointID{stray}) {
		t.Errorf("forgotten: %v", s.Dataplane.Forgotten)
	}
	if s.View().State != vpn.EndpointAvailable {
		t.Error("the other endpoint is affected")
	}
}

// The first association of an endpoint is sent a moment after it is made, the next ones at once, and old ones at once
// after a start.
func TestFirstAssociationWaits(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Runner = runner.New(runner.Config{Core: s.Core, Dataplane: s.Dataplane, Node: s.Nodes, NodeName: "node-1", Prover: s.Identity, Directories: s.Identity, Limits: controltest.Limits, DeviceDelay: time.Second})
	s.Reconcile()
	s.Associate(s.A)
	s.Reconcile()
	sent := func() int { return len(s.Dataplane.Desired[s.Endpoint.ID].Associations) }
	if n := sent(); n != 0 {
		t.Errorf("%d associations are sent at once", n)
	}
	s.Clock.Pass(time.Second)
	s.Reconcile()
	if n := sent(); n != 1 {
		t.Errorf("after a second %d associations are sent, want 1", n)
	}
	s.Associate(s.B)
	s.Reconcile()
	if n := sent(); n != 2 {
		t.Errorf("of two associations %d are sent", n)
	}
}
