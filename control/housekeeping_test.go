package control_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/vpn"
)

// A connection that the dataplane does not have is missed twice before it is written off: its end
// may still be on its way.
func TestSweepWritesOff(t *testing.T) {
	t.Parallel()
	s := associated(t)
	lost, running := s.connect("alice"), s.connect("bob")
	s.ask(s.login("carol"))
	connecting := s.dataplane.decisions[2].Connection
	s.dataplane.live = []vpn.LiveConnection{{ID: running.ID, Endpoint: s.endpoint.ID}}
	missed, err := s.SweepConnections(t.Context(), nil)
	s.must(err)
	if !missed[lost.ID] || len(missed) != 1 || s.connection(lost.ID).Status != vpn.ConnectionActive {
		t.Errorf("after one look: %v, %s", missed, s.connection(lost.ID).Status)
	}
	// Silence is no proof: nothing is written off, and looking begins anew.
	s.dataplane.down = errDown
	if forgot, err := s.SweepConnections(t.Context(), missed); err == nil || len(forgot) != 0 {
		t.Errorf("without a dataplane: %v, %v", forgot, err)
	}
	s.dataplane.down = nil
	missed, err = s.SweepConnections(t.Context(), missed)
	s.must(err)
	if got := s.connection(lost.ID); got.Status != vpn.ConnectionTerminated || got.EndReason == "" || !got.EndedAt.Equal(s.clock.now()) {
		t.Errorf("after two looks: %+v", got)
	}
	if len(missed) != 0 || s.connection(running.ID).Status != vpn.ConnectionActive || s.connection(connecting).Status != vpn.ConnectionConnecting {
		t.Errorf("missed %v; running is %s, connecting %s", missed, s.connection(running.ID).Status, s.connection(connecting).Status)
	}
	if len(s.dataplane.terminated) != 0 {
		t.Errorf("terminated %v", s.dataplane.terminated)
	}
}

// What somebody wanted ended and is gone keeps that reason.
func TestSweepKeepsTheReason(t *testing.T) {
	t.Parallel()
	s := associated(t)
	c := s.connect("alice")
	_, err := s.TerminateUser(t.Context(), s.boss, s.endpoint.ID, "alice")
	s.must(err)
	missed, err := s.SweepConnections(t.Context(), nil)
	s.must(err)
	_, err = s.SweepConnections(t.Context(), missed)
	s.must(err)
	if got := s.connection(c.ID); got.Status != vpn.ConnectionTerminated || got.EndReason != "Terminated by administrator boss." {
		t.Errorf("got %s: %s", got.Status, got.EndReason)
	}
}

// A session that the database never granted, or has as ended, is ended at the second look.
func TestSweepEndsStrangers(t *testing.T) {
	t.Parallel()
	s := associated(t)
	stranger := vpn.NewConnectionID()
	s.dataplane.live = []vpn.LiveConnection{{ID: stranger, Endpoint: s.endpoint.ID}}
	missed, err := s.SweepConnections(t.Context(), nil)
	s.must(err)
	if len(s.dataplane.terminated) != 0 {
		t.Error("ended at the first look: its grant may be a moment old")
	}
	_, err = s.SweepConnections(t.Context(), missed)
	s.must(err)
	if !slices.Equal(s.dataplane.terminated, []vpn.ConnectionID{stranger}) {
		t.Errorf("terminated %v", s.dataplane.terminated)
	}
}

// Another node's connections are that node's to write off.
func TestSweepLeavesOtherNodesAlone(t *testing.T) {
	t.Parallel()
	s := associated(t)
	c := s.connect("alice")
	if _, err := s.raw.ExecContext(t.Context(), "UPDATE connection SET node = 'node-2'"); err != nil {
		t.Fatal(err)
	}
	missed, err := s.SweepConnections(t.Context(), control.Missed{c.ID: true})
	s.must(err)
	if len(missed) != 0 || s.connection(c.ID).Status != vpn.ConnectionActive {
		t.Errorf("missed %v, it is %s", missed, s.connection(c.ID).Status)
	}
}

// Counters are written where they changed; a page shows the kernel's of this moment.
func TestCounters(t *testing.T) {
	t.Parallel()
	s := associated(t)
	c := s.connect("alice")
	count := func(n uint64) {
		s.dataplane.live = []vpn.LiveConnection{{ID: c.ID, Endpoint: s.endpoint.ID, Device: c.Device, Counters: vpn.Counters{BytesIn: n}, CountedAt: s.clock.now()}}
	}
	count(5)
	last, err := s.FlushCounters(t.Context(), nil)
	s.must(err)
	if got := s.connection(c.ID); got.Counters.BytesIn != 5 || !got.CountedAt.Equal(s.clock.now()) {
		t.Errorf("stored %+v at %s", got.Counters, got.CountedAt)
	}
	before := s.rows()
	s.clock.pass(time.Minute)
	last, err = s.FlushCounters(t.Context(), last)
	s.must(err)
	if s.rows() != before {
		t.Error("equal counters were written again")
	}
	shown := func() uint64 {
		page, err := s.Connections(t.Context(), s.boss, s.endpoint.ID, vpn.List{})
		s.must(err)
		return page.Items[0].Counters.BytesIn
	}
	count(7)
	if got := shown(); got != 7 {
		t.Errorf("shown %d, the kernel has 7", got)
	}
	s.dataplane.down = errDown
	if got := shown(); got != 7 { // of less than a second ago
		t.Errorf("shown %d", got)
	}
	s.clock.pass(2 * time.Second)
	if got := shown(); got != 5 {
		t.Errorf("without a dataplane: shown %d, stored are 5", got)
	}
	if kept, err := s.FlushCounters(t.Context(), last); err == nil || len(kept) != 1 {
		t.Errorf("without a dataplane: %v, %v", kept, err)
	}
}

// A stop loses no counters, and makes no noise about a dataplane that stopped first.
func TestCountersAtAStop(t *testing.T) {
	t.Parallel()
	s := associated(t)
	c := s.connect("alice")
	s.dataplane.live = []vpn.LiveConnection{{ID: c.ID, Endpoint: s.endpoint.ID, Counters: vpn.Counters{BytesIn: 9}}}
	ended, end := context.WithCancel(t.Context())
	end()
	s.Housekeep(ended)
	if got := s.connection(c.ID); got.Counters.BytesIn != 9 {
		t.Errorf("stored %+v", got.Counters)
	}
	s.dataplane.down = errDown
	s.Housekeep(ended)
	if got := s.connection(c.ID); got.Counters.BytesIn != 9 || strings.Contains(s.log.String(), "counters") {
		t.Errorf("stored %+v; log: %s", got.Counters, s.log)
	}
}

// Sessions over their limits and connections that ended 90 days ago go.
func TestPurge(t *testing.T) {
	t.Parallel()
	s := associated(t)
	token := s.signedIn("boss")
	c := s.connect("alice")
	s.happen(vpn.Event{Ended: &vpn.Ended{Connection: c.ID, Endpoint: s.endpoint.ID, Reason: "Left."}})
	s.must(s.Purge(t.Context()))
	s.wantSession("young", token, true)
	s.clock.pass(limits.Idle + time.Second)
	s.must(s.Purge(t.Context()))
	if left := s.query("SELECT hash FROM session"); len(left) != 0 {
		t.Errorf("sessions left: %v", left)
	}
	s.clock.pass(90 * 24 * time.Hour)
	s.must(s.Purge(t.Context()))
	if left := s.query("SELECT id FROM connection"); len(left) != 0 {
		t.Errorf("connections left: %v", left)
	}
}
