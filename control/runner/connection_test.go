package runner_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/vpn"
)

// A client that falls silent is away: not counted, listed with the time, and active again when it returns.
func TestClientThatIsAway(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	c := s.Connect("alice")
	away := vpn.Event{Away: &vpn.Away{Connection: c.ID, Endpoint: s.Endpoint.ID, Counters: vpn.Counters{BytesIn: 9}}}
	s.Clock.Pass(time.Minute)
	s.AddEvents(away)
	got := s.Connection(c.ID)
	if got.Status != vpn.ConnectionAway || !got.AwaySince.Equal(s.Clock.Now()) || got.Counters.BytesIn != 9 || s.View().Connections != 0 {
		t.Errorf("away: %+v; %d are counted", got, s.View().Connections)
	}
	since := got.AwaySince
	s.Clock.Pass(time.Minute)
	s.AddEvents(away) // repeated
	if got = s.Connection(c.ID); !got.AwaySince.Equal(since) {
		t.Errorf("away since %s, was %s", got.AwaySince, since)
	}
	s.AddEvents(vpn.Event{Established: &vpn.Established{Connection: c.ID, Endpoint: s.Endpoint.ID, ClientIP: c.ClientIP, Device: c.Device}})
	if got = s.Connection(c.ID); got.Status != vpn.ConnectionActive || !got.AwaySince.IsZero() || !got.EstablishedAt.Equal(c.EstablishedAt) {
		t.Errorf("returned: %+v", got)
	}
	s.AddEvents(away)
	if n, err := s.Endpoints.TerminateConnections(t.Context(), s.Admin, s.Endpoint.ID, []vpn.ConnectionID{c.ID}); err != nil || n != 1 {
		t.Errorf("terminated %d: %v", n, err)
	}
	s.AddEvents(away)
	if got = s.Connection(c.ID); got.Status != vpn.ConnectionTerminating {
		t.Errorf("an event made a terminated connection %s", got.Status)
	}
}

// Terminations are repeated until the end is reported; a failure of the dataplane is shown.
func TestTerminationsArePushedUntilDone(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	c := s.Connect("alice")
	other := s.Connect("bob")
	n, err := s.Endpoints.TerminateConnections(t.Context(), s.Admin, s.Endpoint.ID, []vpn.ConnectionID{c.ID, vpn.NewConnectionID()})
	if err != nil || n != 1 || s.Connection(c.ID).Status != vpn.ConnectionTerminating {
		t.Fatalf("terminated %d, %v, it is %s", n, err, s.Connection(c.ID).Status)
	}
	s.Dataplane.Down = controltest.ErrDown
	_ = s.Runner.ReconcileOnce(t.Context())
	if got := s.Connection(c.ID).Status; got != vpn.ConnectionTerminating {
		t.Errorf("without a dataplane it is %s", got)
	}
	s.Dataplane.Do(func() { s.Dataplane.Down = nil; s.Dataplane.RefuseEnd = errors.New("management socket is gone") })
	if err := s.Runner.ReconcileOnce(t.Context()); err == nil {
		t.Error("the failure is not returned")
	}
	if got := s.Connection(c.ID).Status; got != vpn.ConnectionFailedToTerminate {
		t.Errorf("after a failure it is %s", got)
	}
	s.Dataplane.RefuseEnd = nil
	s.Reconcile()
	if !slices.Equal(s.Dataplane.Terminated, []vpn.ConnectionID{c.ID, c.ID}) {
		t.Errorf("pushed %v, want %s twice", s.Dataplane.Terminated, c.ID)
	}
	s.AddEvents(vpn.Event{Ended: &vpn.Ended{Connection: c.ID, Endpoint: s.Endpoint.ID, Reason: "HALT", Counters: vpn.Counters{BytesIn: 5}}})
	got := s.Connection(c.ID)
	if got.Status != vpn.ConnectionTerminated || got.EndReason != "Terminated by administrator admin." || got.Counters.BytesIn != 5 {
		t.Errorf("in the end it is %s: %s, %+v", got.Status, got.EndReason, got.Counters)
	}
	s.Reconcile()
	if len(s.Dataplane.Terminated) != 2 || s.Connection(other.ID).Status != vpn.ConnectionActive {
		t.Errorf("pushed %v; the other is %s", s.Dataplane.Terminated, s.Connection(other.ID).Status)
	}
	// All connections of one user name; those that have ended are not counted.
	if n, err := s.Endpoints.TerminateUser(t.Context(), s.Admin, s.Endpoint.ID, "alice"); err != nil || n != 0 {
		t.Errorf("alice again: %d, %v", n, err)
	}
	if n, err := s.Endpoints.TerminateUser(t.Context(), s.Admin, s.Endpoint.ID, "bob"); err != nil || n != 1 {
		t.Errorf("bob: %d, %v", n, err)
	}
}
