package runner_test

import (
	"strings"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/control/runner"
	"sallyport/vpn"
)

const day = 24 * time.Hour

// Live connections stay however the clock is set, and none ends before it began.
func TestConnectionsOnAClockThatIsSet(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"a day ahead": day, "a day back": -day} {
		s := newAssociatedSite(t)
		told, lost := s.Connect("alice"), s.Connect("bob")
		s.Dataplane.Live = []vpn.LiveConnection{{ID: told.ID, Endpoint: s.Endpoint.ID}, {ID: lost.ID, Endpoint: s.Endpoint.ID}}
		s.Clock.Pass(jump)
		missed, err := s.Runner.SweepConnections(t.Context(), runner.Missed{})
		s.Must(err)
		s.Must(s.Runner.Purge(t.Context()))
		s.Must(s.Runner.ReconcileOnce(t.Context()))
		for _, c := range []vpn.Connection{told, lost} {
			if got := s.Connection(c.ID); got.Status != vpn.ConnectionActive || !got.EstablishedAt.Equal(c.EstablishedAt) {
				t.Errorf("%s: %+v", name, got)
			}
		}
		if len(missed) > 0 || len(s.Dataplane.Terminated) > 0 {
			t.Errorf("%s: missed %v, terminated %v", name, missed, s.Dataplane.Terminated)
		}
		s.Dataplane.Do(func() { s.Dataplane.Down = controltest.ErrDown })
		s.Clock.Pass(-day) // back once more, while the dataplane does not answer
		if s.View().Observation.Fresh {
			t.Errorf("%s: what was seen tomorrow counts as fresh", name)
		}
		s.Clock.Pass(day)
		s.Dataplane.Do(func() { s.Dataplane.Down = nil })
		if o := s.View().Observation; !o.SeenAt.Equal(s.Clock.Now()) {
			t.Errorf("%s: the observation is of %s, it is %s", name, o.SeenAt, s.Clock.Now())
		}
		s.AddEvents(vpn.Event{Ended: &vpn.Ended{Connection: told.ID, Endpoint: s.Endpoint.ID, Reason: "Left."}})
		s.Dataplane.Live = nil
		for range 2 {
			missed, err = s.Runner.SweepConnections(t.Context(), missed)
			s.Must(err)
		}
		for _, c := range []vpn.Connection{told, lost} {
			if got := s.Connection(c.ID); got.Status != vpn.ConnectionTerminated || got.EndedAt.Before(got.EstablishedAt) {
				t.Errorf("%s: ended %s, established %s, status %s", name, got.EndedAt, got.EstablishedAt, got.Status)
			}
		}
	}
}

// A clock that jumps ten years ahead does not delete the history.
func TestHistoryOnAClockThatIsSet(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	c := s.Connect("alice")
	s.AddEvents(vpn.Event{Ended: &vpn.Ended{Connection: c.ID, Endpoint: s.Endpoint.ID, Reason: "Left."}})
	last := s.Clock.Now()
	s.Clock.Pass(3650 * day)
	s.Must(s.Runner.PurgeAfter(t.Context(), last))
	if got := s.Connection(c.ID); got.EndReason != "Left." || !strings.Contains(s.Log.String(), "the clock of this host was set") {
		t.Errorf("got %+v; log: %s", got, s.Log)
	}
	s.Must(s.Runner.PurgeAfter(t.Context(), s.Clock.Now().Add(-time.Hour))) // time that really passed
	if left := s.Query("SELECT id FROM connection"); len(left) != 0 {
		t.Errorf("connections left: %v", left)
	}
}
