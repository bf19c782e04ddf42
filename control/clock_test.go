package control_test

import (
	"strings"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/vpn"
)

const day = 24 * time.Hour

// Set forward the clock ends console sessions as time does; set back it ends them too, for they
// would otherwise outlast their limits by as much. Who signs in then is in.
func TestSessionsOnAClockThatIsSet(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"a day ahead": day, "a day back": -day, "ten years back": -3650 * day} {
		h := staffed(t)
		token := h.signedIn("boss")
		h.clock.pass(jump)
		h.wantSession(name, token, false)
		h.wantSession(name+", signed in again", h.signedIn("boss"), true)
	}
	h := staffed(t)
	token := h.signedIn("boss")
	h.clock.pass(-time.Minute) // as when the time is set right by the network
	h.wantSession("a minute back", token, true)
}

// A set-up link outlasts no jump forward, and is good for one use whichever way the clock goes.
func TestSetupLinkOnAClockThatIsSet(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token, _, err := h.NewSetupLink(t.Context())
	h.must(err)
	h.clock.pass(day)
	if valid, err := h.SetupLinkValid(t.Context(), token); valid || err != nil {
		t.Errorf("a day ahead: %v, %v", valid, err)
	}
	h.clock.pass(-2 * day)
	if _, err := h.CompleteSetup(t.Context(), control.SetupRequest{Token: token, Username: "boss", Password: password, Again: password}); err != nil {
		t.Fatal(err)
	}
	if valid, err := h.SetupLinkValid(t.Context(), token); valid || err != nil {
		t.Errorf("used, a day back: %v, %v", valid, err)
	}
}

// Live connections go on whatever the clock does, and none ends before it began.
func TestConnectionsOnAClockThatIsSet(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"a day ahead": day, "a day back": -day} {
		s := associated(t)
		told, lost := s.connect("alice"), s.connect("bob")
		s.dataplane.live = []vpn.LiveConnection{{ID: told.ID, Endpoint: s.endpoint.ID}, {ID: lost.ID, Endpoint: s.endpoint.ID}}
		s.clock.pass(jump)
		missed, err := s.SweepConnections(t.Context(), control.Missed{})
		s.must(err)
		s.must(s.Purge(t.Context()))
		s.must(s.ReconcileOnce(t.Context()))
		for _, c := range []vpn.Connection{told, lost} {
			if got := s.connection(c.ID); got.Status != vpn.ConnectionActive || !got.EstablishedAt.Equal(c.EstablishedAt) {
				t.Errorf("%s: %+v", name, got)
			}
		}
		if len(missed) > 0 || len(s.dataplane.terminated) > 0 {
			t.Errorf("%s: missed %v, terminated %v", name, missed, s.dataplane.terminated)
		}
		s.dataplane.do(func() { s.dataplane.down = errDown })
		s.clock.pass(-day) // back once more, and nobody there to ask
		if s.view().Observation.Fresh {
			t.Errorf("%s: what was seen tomorrow counts as fresh", name)
		}
		s.clock.pass(day)
		s.dataplane.do(func() { s.dataplane.down = nil })
		if o := s.view().Observation; !o.SeenAt.Equal(s.clock.now()) {
			t.Errorf("%s: the observation is of %s, it is %s", name, o.SeenAt, s.clock.now())
		}
		s.happen(vpn.Event{Ended: &vpn.Ended{Connection: told.ID, Endpoint: s.endpoint.ID, Reason: "Left."}})
		s.dataplane.live = nil
		for range 2 {
			missed, err = s.SweepConnections(t.Context(), missed)
			s.must(err)
		}
		for _, c := range []vpn.Connection{told, lost} {
			if got := s.connection(c.ID); got.Status != vpn.ConnectionTerminated || got.EndedAt.Before(got.EstablishedAt) {
				t.Errorf("%s: ended %s, established %s, status %s", name, got.EndedAt, got.EstablishedAt, got.Status)
			}
		}
	}
}

// A clock that jumps ten years ahead does not take the history with it.
func TestHistoryOnAClockThatIsSet(t *testing.T) {
	t.Parallel()
	s := associated(t)
	c := s.connect("alice")
	s.happen(vpn.Event{Ended: &vpn.Ended{Connection: c.ID, Endpoint: s.endpoint.ID, Reason: "Left."}})
	last := s.clock.now()
	s.clock.pass(3650 * day)
	s.must(s.PurgeAfter(t.Context(), last))
	if got := s.connection(c.ID); got.EndReason != "Left." || !strings.Contains(s.log.String(), "the clock of this host was set") {
		t.Errorf("got %+v; log: %s", got, s.log)
	}
	s.must(s.PurgeAfter(t.Context(), s.clock.now().Add(-time.Hour))) // time that passed in earnest
	if left := s.query("SELECT id FROM connection"); len(left) != 0 {
		t.Errorf("connections left: %v", left)
	}
}
