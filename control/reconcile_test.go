package control_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
)

func (s *site) associationState() (vpn.AssociationState, string) {
	s.t.Helper()
	rows := s.view().Associations
	if len(rows) == 0 {
		return "", ""
	}
	return rows[0].State, rows[0].Reason
}

func (s *site) ruleState(id vpn.RuleID) (vpn.RuleState, string) {
	s.t.Helper()
	r, err := s.Rule(s.t.Context(), s.boss, s.endpoint.ID, id)
	if vpn.KindOf(err) == vpn.NotFound && err != nil {
		return "", ""
	}
	s.must(err)
	return r.State, r.Reason
}

// What was saved is not yet so: everything waits for the dataplane to have applied it, and what
// was removed is listed until it is out of the kernel.
func TestStatesFollowWhatIsApplied(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.dataplane.slow = true
	s.association = s.associate(s.a)
	rule := s.authorize("10.0.0.0/16")
	s.reconcile()
	check := func(what string, endpoint vpn.EndpointState, association vpn.AssociationState, state vpn.RuleState) {
		t.Helper()
		gotA, _ := s.associationState()
		gotR, _ := s.ruleState(rule.ID)
		if v := s.view(); v.State != endpoint || gotA != association || gotR != state {
			t.Errorf("%s: got %s, %q, %q", what, v.State, gotA, gotR)
		}
	}
	check("sent, not applied", vpn.EndpointPendingAssociate, vpn.Associating, vpn.RuleAuthorizing)
	s.reconcile()
	check("still not applied", vpn.EndpointPendingAssociate, vpn.Associating, vpn.RuleAuthorizing)
	s.dataplane.slow = false
	s.reconcile()
	check("applied", vpn.EndpointAvailable, vpn.Associated, vpn.RuleActive)

	s.dataplane.slow = true
	s.must(s.Revoke(t.Context(), s.boss, s.endpoint.ID, rule.ID))
	s.reconcile()
	check("revoked, not yet out", vpn.EndpointAvailable, vpn.Associated, vpn.RuleRevoking)
	if d := s.dataplane.desired[s.endpoint.ID]; len(d.Rules) != 0 {
		t.Errorf("the dataplane still wants %v", d.Rules)
	}
	s.dataplane.slow = false
	s.reconcile()
	check("revoked and out", vpn.EndpointAvailable, vpn.Associated, "")

	s.dataplane.slow = true
	s.must(s.Disassociate(t.Context(), s.boss, s.endpoint.ID, s.association.ID))
	s.reconcile()
	check("disassociating", vpn.EndpointPendingAssociate, vpn.Disassociating, "")
	s.dataplane.slow = false
	s.reconcile()
	check("disassociated", vpn.EndpointPendingAssociate, "", "")
	if left := s.query("SELECT id FROM route"); len(left) != 0 {
		t.Errorf("routes are left: %v", left)
	}
	applies := s.dataplane.applies
	s.reconcile()
	if s.dataplane.applies != applies {
		t.Error("what is applied is sent again")
	}
}

// A dataplane that lags behind has applied the rule and not its removal: the row stays until it has.
func TestRemovalIsNotAppliedByOlderNews(t *testing.T) {
	t.Parallel()
	s := associated(t)
	s.dataplane.slow = true
	rule := s.authorize("10.0.0.0/16")
	s.must(s.Revoke(t.Context(), s.boss, s.endpoint.ID, rule.ID))
	s.dataplane.do(func() { s.dataplane.applied[s.endpoint.ID] = rule.Added })
	s.reconcile()
	if state, _ := s.ruleState(rule.ID); state != vpn.RuleRevoking {
		t.Errorf("the rule is %q while the kernel has it", state)
	}
	s.dataplane.slow = false
	s.reconcile()
	if state, _ := s.ruleState(rule.ID); state != "" {
		t.Errorf("the rule is %q", state)
	}
}

// Without a dataplane nothing is claimed, and the console says since when it is silent.
func TestDataplaneUnreachable(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.dataplane.down = errDown
	s.association = s.associate(s.a)
	if err := s.ReconcileOnce(t.Context()); !errors.Is(err, errDown) {
		t.Fatalf("got %v", err)
	}
	if state, why := s.associationState(); state != vpn.Associating || !strings.Contains(why, "No dataplane has reported") {
		t.Errorf("got %s, %q", state, why)
	}
	node, err := s.Node(t.Context(), s.boss)
	if err != nil || node.Reachable || !strings.Contains(node.Sentence, "No dataplane answers on this host") {
		t.Errorf("node: %+v, %v", node, err)
	}
	s.dataplane.down = nil
	s.reconcile()
	if state, _ := s.associationState(); state != vpn.Associated {
		t.Errorf("got %s", state)
	}
	// Silence: what was applied stands, what is new waits.
	s.dataplane.down = errDown
	s.clock.pass(vpn.ObservationLife)
	rule := s.authorize("10.0.0.0/16")
	_ = s.ReconcileOnce(t.Context())
	if state, _ := s.associationState(); state != vpn.Associated {
		t.Errorf("the association is %s", state)
	}
	if state, why := s.ruleState(rule.ID); state != vpn.RuleAuthorizing || !strings.Contains(why, "has not answered since 12:00:00 UTC") {
		t.Errorf("the rule is %s, %q", state, why)
	}
	// A dataplane that lost everything is given everything again.
	s.dataplane.do(func() { s.dataplane.down = nil; clear(s.dataplane.applied); clear(s.dataplane.desired) })
	s.reconcile()
	if state, why := s.ruleState(rule.ID); state != vpn.RuleActive || why != "" {
		t.Errorf("the rule is %s, %q", state, why)
	}
}

// Faults that the dataplane reports are the state of what they are about, and go with their cause.
func TestFaults(t *testing.T) {
	t.Parallel()
	s := associated(t)
	fault := vpn.Fault{Subject: string(s.association.ID), Sentence: "No interface reaches 10.0.1.0/24.", Since: s.clock.now()}
	s.dataplane.faults[s.endpoint.ID] = []vpn.Fault{fault}
	s.reconcile()
	if state, why := s.associationState(); state != vpn.AssociationFailed || why != fault.Sentence || s.view().State != vpn.EndpointPendingAssociate {
		t.Errorf("got %s, %q", state, why)
	}
	page, err := s.Endpoints(t.Context(), s.boss, vpn.List{})
	if err != nil || page.Items[0].Fault != fault.Sentence {
		t.Errorf("the list says %q, %v", page.Items[0].Fault, err)
	}
	delete(s.dataplane.faults, s.endpoint.ID)
	s.reconcile()
	if state, _ := s.associationState(); state != vpn.Associated {
		t.Errorf("got %s", state)
	}
}

// A desired state that the dataplane refuses is told where people wait for it.
func TestRefusedDesiredState(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.dataplane.refuse = vpn.Refuse(vpn.Conflict, "X", "The host policy forbids port 443.")
	s.association = s.associate(s.a)
	if err := s.ReconcileOnce(t.Context()); err == nil {
		t.Error("the refusal is not told")
	}
	if state, why := s.associationState(); state != vpn.Associating || !strings.Contains(why, "The host policy forbids port 443.") {
		t.Errorf("got %s, %q", state, why)
	}
	// Other endpoints do not suffer from it.
	s.dataplane.refuse = nil
	if _, err := s.raw.ExecContext(t.Context(), "DELETE FROM certificate_key WHERE certificate_id = ?", string(s.server.ID)); err != nil {
		t.Fatal(err)
	}
	if err := s.ReconcileOnce(t.Context()); err == nil {
		t.Error("a missing key is not told")
	}
	if _, why := s.associationState(); why == "" {
		t.Error("a missing key is not told to anybody")
	}
}

// After a backup was restored the kernel is ahead: everything is sent again under a newer number.
func TestRestoredBackup(t *testing.T) {
	t.Parallel()
	s := associated(t)
	rule := s.authorize("10.0.0.0/16")
	s.dataplane.do(func() {
		s.dataplane.applied[s.endpoint.ID] = 40
		d := s.dataplane.desired[s.endpoint.ID]
		d.Generation = 40
		s.dataplane.desired[s.endpoint.ID] = d
	})
	s.reconcile()
	d := s.dataplane.desired[s.endpoint.ID]
	if d.Generation != 41 || len(d.Rules) != 1 || s.view().Generation != 41 {
		t.Errorf("the dataplane has generation %d with %v, the database %d", d.Generation, d.Rules, s.view().Generation)
	}
	if state, _ := s.ruleState(rule.ID); state != vpn.RuleActive {
		t.Errorf("the rule is %s", state)
	}
	s.reconcile()
	if got := s.view().Generation; got != 41 {
		t.Errorf("and on: %d", got)
	}
}

// A deleted endpoint is listed until the dataplane no longer has it; its connections end with it.
func TestDeletingEndpoint(t *testing.T) {
	t.Parallel()
	s := associated(t)
	c := s.connect("alice")
	s.must(s.Disassociate(t.Context(), s.boss, s.endpoint.ID, s.association.ID))
	s.reconcile()
	s.must(s.DeleteEndpoint(t.Context(), s.boss, s.endpoint.ID, "delete"))
	s.dataplane.slow = true // Forget has yet to take effect
	s.reconcile()
	if v := s.view(); v.State != vpn.EndpointDeleting || !slices.Contains(s.dataplane.forgotten, s.endpoint.ID) {
		t.Errorf("got %s, forgotten %v", v.State, s.dataplane.forgotten)
	}
	_, err := s.Authorize(t.Context(), s.boss, s.endpoint.ID, vpn.RuleSpec{Destination: "10.0.0.0/16", AllUsers: true})
	s.wantKind("a rule for it", err, vpn.Conflict, "is being deleted")
	s.dataplane.slow = false
	s.reconcile() // forgets
	s.reconcile() // sees that it is gone
	_, err = s.Endpoint(t.Context(), s.boss, s.endpoint.ID)
	s.wantKind("afterwards", err, vpn.NotFound, string(s.endpoint.ID))
	if got := s.connection(c.ID); got.Status != vpn.ConnectionTerminated || got.EndReason != "The endpoint was deleted." {
		t.Errorf("the connection is %s: %s", got.Status, got.EndReason)
	}
	if r := s.lastAudit(); r.Action != "FinishDeleteClientVpnEndpoint" || r.Actor != "system" || r.Subject != string(s.endpoint.ID) {
		t.Errorf("audit %+v", r)
	}
	// The certificate is free now, and the name as well.
	s.must(s.DeleteCertificate(t.Context(), s.boss, s.server.ID))
}

// Endpoints that the database does not know are ended.
func TestUnknownEndpointIsForgotten(t *testing.T) {
	t.Parallel()
	s := associated(t)
	stray := vpn.NewEndpointID()
	s.dataplane.applied[stray] = 3
	s.reconcile()
	if !slices.Equal(s.dataplane.forgotten, []vpn.EndpointID{stray}) {
		t.Errorf("forgotten: %v", s.dataplane.forgotten)
	}
	if s.view().State != vpn.EndpointAvailable {
		t.Error("the known one suffers")
	}
}

// That nothing changed is not written down every second, and often enough to stay believable.
func TestObservationsAreWrittenSparingly(t *testing.T) {
	t.Parallel()
	s := associated(t)
	seen := s.view().Observation.SeenAt
	for range 4 {
		s.clock.pass(time.Second)
		s.reconcile()
	}
	if got := s.view().Observation; !got.SeenAt.Equal(seen) || !got.Fresh {
		t.Errorf("seen at %s, fresh %v", got.SeenAt, got.Fresh)
	}
	s.clock.pass(time.Second)
	s.reconcile()
	if got := s.view().Observation; !got.SeenAt.Equal(s.clock.now()) {
		t.Errorf("seen at %s", got.SeenAt)
	}
	s.clock.pass(vpn.ObservationLife)
	if s.view().Observation.Fresh {
		t.Error("an old report passes for fresh")
	}
}

// Terminations are repeated until the end is reported; a dataplane that fails to is told as such.
func TestTerminationsArePushedUntilDone(t *testing.T) {
	t.Parallel()
	s := associated(t)
	c := s.connect("alice")
	other := s.connect("bob")
	n, err := s.TerminateConnections(t.Context(), s.boss, s.endpoint.ID, []vpn.ConnectionID{c.ID, vpn.NewConnectionID()})
	if err != nil || n != 1 || s.connection(c.ID).Status != vpn.ConnectionTerminating {
		t.Fatalf("terminated %d, %v, it is %s", n, err, s.connection(c.ID).Status)
	}
	s.dataplane.down = errDown
	_ = s.ReconcileOnce(t.Context())
	if got := s.connection(c.ID).Status; got != vpn.ConnectionTerminating {
		t.Errorf("without a dataplane it is %s", got)
	}
	s.dataplane.do(func() { s.dataplane.down = nil; s.dataplane.refuseEnd = errors.New("management socket is gone") })
	if err := s.ReconcileOnce(t.Context()); err == nil {
		t.Error("the failure is not told")
	}
	if got := s.connection(c.ID).Status; got != vpn.ConnectionFailedToTerminate {
		t.Errorf("after a failure it is %s", got)
	}
	s.dataplane.refuseEnd = nil
	s.reconcile()
	if !slices.Equal(s.dataplane.terminated, []vpn.ConnectionID{c.ID, c.ID}) {
		t.Errorf("pushed %v, want %s twice", s.dataplane.terminated, c.ID)
	}
	s.happen(vpn.Event{Ended: &vpn.Ended{Connection: c.ID, Endpoint: s.endpoint.ID, Reason: "HALT", Counters: vpn.Counters{BytesIn: 5}}})
	got := s.connection(c.ID)
	if got.Status != vpn.ConnectionTerminated || got.EndReason != "Terminated by administrator boss." || got.Counters.BytesIn != 5 {
		t.Errorf("in the end it is %s: %s, %+v", got.Status, got.EndReason, got.Counters)
	}
	s.reconcile()
	if len(s.dataplane.terminated) != 2 || s.connection(other.ID).Status != vpn.ConnectionActive {
		t.Errorf("pushed %v; the other is %s", s.dataplane.terminated, s.connection(other.ID).Status)
	}
	// All of one user name; those that are over are left alone.
	if n, err := s.TerminateUser(t.Context(), s.boss, s.endpoint.ID, "alice"); err != nil || n != 0 {
		t.Errorf("alice again: %d, %v", n, err)
	}
	if n, err := s.TerminateUser(t.Context(), s.boss, s.endpoint.ID, "bob"); err != nil || n != 1 {
		t.Errorf("bob: %d, %v", n, err)
	}
}
