package runner_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/control/runner"
	"sallyport/store"
	"sallyport/vpn"
)

// A connection that the dataplane does not have is stored as ended after it was missing twice: the
// event of its end may still arrive.
func TestSweepEndsMissingConnections(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	lost, running := s.Connect("alice"), s.Connect("bob")
	s.AddLogins(s.Login("carol"))
	connecting := s.Dataplane.Decisions[2].Connection
	s.Dataplane.Live = []vpn.LiveConnection{{ID: running.ID, Endpoint: s.Endpoint.ID}}
	missed, err := s.Runner.SweepConnections(t.Context(), nil)
	s.Must(err)
	if !missed[lost.ID] || len(missed) != 1 || s.Connection(lost.ID).Status != vpn.ConnectionActive {
		t.Errorf("after one look: %v, %s", missed, s.Connection(lost.ID).Status)
	}
	// A dataplane that does not answer proves nothing: no connection ends, and counting starts again.
	s.Dataplane.Down = controltest.ErrDown
	if forgot, err := s.Runner.SweepConnections(t.Context(), missed); err == nil || len(forgot) != 0 {
		t.Errorf("without a dataplane: %v, %v", forgot, err)
	}
	s.Dataplane.Down = nil
	missed, err = s.Runner.SweepConnections(t.Context(), missed)
	s.Must(err)
	if got := s.Connection(lost.ID); got.Status != vpn.ConnectionTerminated || got.EndReason == "" || !got.EndedAt.Equal(s.Clock.Now()) {
		t.Errorf("after two looks: %+v", got)
	}
	if len(missed) != 0 || s.Connection(running.ID).Status != vpn.ConnectionActive || s.Connection(connecting).Status != vpn.ConnectionConnecting {
		t.Errorf("missed %v; running is %s, connecting %s", missed, s.Connection(running.ID).Status, s.Connection(connecting).Status)
	}
	if len(s.Dataplane.Terminated) != 0 {
		t.Errorf("terminated %v", s.Dataplane.Terminated)
	}
}

// A connection that an administrator terminated and that is gone keeps that reason.
func TestSweepKeepsTheReason(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	c := s.Connect("alice")
	_, err := s.Endpoints.TerminateUser(t.Context(), s.Admin, s.Endpoint.ID, "alice")
	s.Must(err)
	missed, err := s.Runner.SweepConnections(t.Context(), nil)
	s.Must(err)
	_, err = s.Runner.SweepConnections(t.Context(), missed)
	s.Must(err)
	if got := s.Connection(c.ID); got.Status != vpn.ConnectionTerminated || got.EndReason != "Terminated by administrator admin." {
		t.Errorf("got %s: %s", got.Status, got.EndReason)
	}
}

// A connection that the database does not have, or has as ended, is terminated after the second sweep.
func TestSweepTerminatesUnknownConnections(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	unknown := vpn.NewConnectionID()
	s.Dataplane.Live = []vpn.LiveConnection{{ID: unknown, Endpoint: s.Endpoint.ID}}
	missed, err := s.Runner.SweepConnections(t.Context(), nil)
	s.Must(err)
	if len(s.Dataplane.Terminated) != 0 {
		t.Error("terminated after the first sweep: its grant may be a moment old")
	}
	_, err = s.Runner.SweepConnections(t.Context(), missed)
	s.Must(err)
	if !slices.Equal(s.Dataplane.Terminated, []vpn.ConnectionID{unknown}) {
		t.Errorf("terminated %v", s.Dataplane.Terminated)
	}
}

// Connections of another node are left to that node.
func TestSweepLeavesOtherNodesAlone(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	c := s.Connect("alice")
	if _, err := s.Raw.ExecContext(t.Context(), "UPDATE connection SET node = 'node-2'"); err != nil {
		t.Fatal(err)
	}
	missed, err := s.Runner.SweepConnections(t.Context(), runner.Missed{c.ID: true})
	s.Must(err)
	if len(missed) != 0 || s.Connection(c.ID).Status != vpn.ConnectionActive {
		t.Errorf("missed %v, it is %s", missed, s.Connection(c.ID).Status)
	}
}

// Counters are stored where they changed; a page shows the kernel's present ones.
func TestCounters(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	c := s.Connect("alice")
	count := func(n uint64) {
		s.Dataplane.Live = []vpn.LiveConnection{{ID: c.ID, Endpoint: s.Endpoint.ID, Device: c.Device, Counters: vpn.Counters{BytesIn: n}, CountedAt: s.Clock.Now()}}
	}
	count(5)
	last, err := s.Runner.FlushCounters(t.Context(), nil)
	s.Must(err)
	if got := s.Connection(c.ID); got.Counters.BytesIn != 5 || !got.CountedAt.Equal(s.Clock.Now()) {
		t.Errorf("stored %+v at %s", got.Counters, got.CountedAt)
	}
	before := s.Rows()
	s.Clock.Pass(time.Minute)
	last, err = s.Runner.FlushCounters(t.Context(), last)
	s.Must(err)
	if s.Rows() != before {
		t.Error("equal counters were written again")
	}
	shown := func() uint64 {
		page, err := s.Endpoints.Connections(t.Context(), s.Admin, s.Endpoint.ID, vpn.List{})
		s.Must(err)
		return page.Items[0].Counters.BytesIn
	}
	count(7)
	if got := shown(); got != 7 {
		t.Errorf("shown %d, the kernel has 7", got)
	}
	s.Dataplane.Down = controltest.ErrDown
	if got := shown(); got != 7 { // of less than a second ago
		t.Errorf("shown %d", got)
	}
	s.Clock.Pass(2 * time.Second)
	if got := shown(); got != 7 { // counters never run backwards, though 5 are stored
		t.Errorf("without a dataplane: shown %d, a page has shown 7", got)
	}
	if kept, err := s.Runner.FlushCounters(t.Context(), last); err == nil || len(kept) != 1 {
		t.Errorf("without a dataplane: %v, %v", kept, err)
	}
}

// A stop loses no counters, and logs nothing where the dataplane stopped first.
func TestCountersAtAStop(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	c := s.Connect("alice")
	s.Dataplane.Live = []vpn.LiveConnection{{ID: c.ID, Endpoint: s.Endpoint.ID, Counters: vpn.Counters{BytesIn: 9}}}
	ended, end := context.WithCancel(t.Context())
	end()
	s.Runner.Housekeep(ended)
	if got := s.Connection(c.ID); got.Counters.BytesIn != 9 {
		t.Errorf("stored %+v", got.Counters)
	}
	s.Dataplane.Down = controltest.ErrDown
	s.Runner.Housekeep(ended)
	if got := s.Connection(c.ID); got.Counters.BytesIn != 9 || strings.Contains(s.Log.String(), "counters") {
		t.Errorf("stored %+v; log: %s", got.Counters, s.Log)
	}
}

// A start renews server certificates that are due, where the program ran until a moment ago; after a long pause the clock has to prove
// itself for an hour.
func TestRenewalAtTheStart(t *testing.T) {
	t.Parallel()
	for pause, renews := range map[time.Duration]bool{time.Minute: true, 3 * time.Hour: false, -time.Minute: false} {
		s := newAssociatedSite(t)
		s.Clock.Pass(s.Server.NotAfter.Add(-20 * 24 * time.Hour).Sub(s.Clock.Now()))
		s.Reconcile()
		s.Clock.Pass(pause)
		s.Must(s.NewServices(controltest.Options{}).Runner.RenewAtStart(t.Context()))
		var now vpn.Certificate
		s.Must(s.Store.View(t.Context(), func(tx *store.Tx) (err error) { now, err = tx.Certificate(t.Context(), s.Server.ID); return err }))
		if renewed := now.Fingerprint != s.Server.Fingerprint; renewed != renews {
			t.Errorf("after %v: renewed %v", pause, renewed)
		}
	}
}

// Sessions over their limits and connections that ended 90 days ago are deleted.
func TestPurge(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	token := s.SignedIn("admin")
	c := s.Connect("alice")
	s.AddEvents(vpn.Event{Ended: &vpn.Ended{Connection: c.ID, Endpoint: s.Endpoint.ID, Reason: "Left."}})
	s.Must(s.Runner.Purge(t.Context()))
	s.WantSession("young", token, true)
	s.Clock.Pass(controltest.Limits.Idle + time.Second)
	s.Must(s.Runner.Purge(t.Context()))
	if left := s.Query("SELECT hash FROM session"); len(left) != 0 {
		t.Errorf("sessions left: %v", left)
	}
	s.Clock.Pass(90 * 24 * time.Hour)
	s.Must(s.Runner.Purge(t.Context()))
	if left := s.Query("SELECT id FROM connection"); len(left) != 0 {
		t.Errorf("connections left: %v", left)
	}

	// Refusals go after 90 days, in as many batches as it takes; changes after the time that is set.
	s.Exec("DELETE FROM audit")
	s.Exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1201) " +
		"INSERT INTO audit SELECT NULL, i, 'a', 's', 'r', 'x', '', CASE i WHEN 1201 THEN 'ok' ELSE 'refused' END, '', '', '' FROM n")
	s.Exec(fmt.Sprintf("UPDATE audit SET at = %d", s.Clock.Now().UnixMicro()))
	left := func() int { return len(s.Query("SELECT id FROM audit")) }
	s.Must(s.Runner.Purge(t.Context()))
	if n := left(); n != 1201 {
		t.Errorf("%d young audit records are left, want all", n)
	}
	s.Clock.Pass(90*24*time.Hour + time.Second)
	s.Must(s.Runner.Purge(t.Context()))
	if n := left(); n != 1 {
		t.Errorf("%d audit records are left, want the change", n)
	}
	s.Clock.Pass(controltest.KeepChanges)
	s.Must(s.Runner.Purge(t.Context()))
	if n := left(); n != 0 {
		t.Errorf("%d audit records are left, want none", n)
	}
}

// What was revoked here stays on its list until the certificate's end and for one signed list more; what was imported stays.
func TestPurgeRevocations(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	key := s.CA.KeyDigest()
	of := func(serial, by string, end time.Time) vpn.Revocation {
		return vpn.Revocation{CertificateNumber: vpn.CertificateNumber{IssuerKey: key, Serial: serial}, Reason: vpn.ReasonSuperseded, At: s.Clock.Now(), By: by, NotAfter: end}
	}
	const day = 24 * time.Hour
	end := s.Clock.Now().Add(50 * day)
	s.Must(s.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.SaveRevocationList(ctx, vpn.RevocationList{IssuerKey: key, Entries: 3, Number: "7"}, nil); err != nil {
			return err
		}
		return tx.SaveRevocations(ctx, of("1", "admin", end), of("2", "admin", end.Add(365*day)), of("3", "admin", time.Time{}), of("4", "", end))
	}))
	left := func(want ...string) {
		t.Helper()
		s.Must(s.Runner.Purge(ctx))
		s.Must(s.Store.View(ctx, func(tx *store.Tx) error {
			entries, err := tx.AllRevocations(ctx, key)
			if err != nil {
				return err
			}
			var serials []string
			for _, e := range entries {
				serials = append(serials, e.Serial)
			}
			list, err := tx.RevocationList(ctx, key)
			if !slices.Equal(serials, want) || list.Entries != len(want)-1 || list.Unsigned {
				t.Errorf("%d days after the end: %v are left and the list has %d, want %v", s.Clock.Now().Sub(end)/day, serials, list.Entries, want)
			}
			return err
		}))
	}
	left("1", "2", "3", "4")
	s.Clock.Pass(51 * day)
	left("1", "2", "3", "4")
	s.Clock.Pass(40 * day)
	left("2", "3", "4")
}
