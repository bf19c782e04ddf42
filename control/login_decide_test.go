package control_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"sallyport/vpn"
)

// A crowd is decided together, and each of it by itself: what is wrong with one login is no other's
// loss.
func TestCrowd(t *testing.T) {
	t.Parallel()
	s := associated(t)
	var crowd []*vpn.LoginRequest
	for _, name := range []string{"alice", "bob", "mallory", "carol"} {
		r := s.login(name)
		if name == "mallory" {
			r.Endpoint = vpn.NewEndpointID() // cannot be decided at all
		}
		crowd = append(crowd, r)
	}
	s.ask(crowd...)
	let := map[string]vpn.LoginDecision{}
	for _, d := range s.dataplane.decisions {
		let[d.ID] = d
	}
	if len(let) != 4 || len(s.dataplane.decisions) != 4 {
		t.Fatalf("got %+v, want one answer for each", s.dataplane.decisions)
	}
	for _, name := range []string{"alice", "bob", "carol"} {
		d := let["login-"+name]
		if c := s.connection(d.Connection); !d.Allow || c.Username != name || c.Status != vpn.ConnectionConnecting || c.Session != d.Session {
			t.Errorf("%s: %+v, %+v", name, d, c)
		}
	}
	if d := let["login-mallory"]; d.Allow || d.Reason == "" {
		t.Errorf("mallory: %+v", d)
	}
	if n := len(s.query("SELECT * FROM connection")); n != 3 {
		t.Errorf("%d connections, want 3", n)
	}
}

// What became of a crowd is written down in one go, in order: whoever came and left has left.
func TestEventsOfACrowd(t *testing.T) {
	t.Parallel()
	s := associated(t)
	s.ask(s.login("alice"), s.login("bob"))
	var events []vpn.Event
	for _, d := range s.dataplane.decisions {
		events = append(events, vpn.Event{Established: &vpn.Established{Connection: d.Connection, Endpoint: s.endpoint.ID, Association: s.association.ID}})
	}
	left := s.dataplane.decisions[0].Connection
	// In the middle: one event at a time would be acknowledged up to here.
	events = slices.Insert(events, 1, vpn.Event{Ended: &vpn.Ended{Connection: left, Endpoint: s.endpoint.ID, Reason: "The client left."}})
	s.happen(events...)
	if got := s.connection(left); got.Status != vpn.ConnectionTerminated || got.EstablishedAt.IsZero() {
		t.Errorf("got %+v", got)
	}
	if got := s.connection(s.dataplane.decisions[1].Connection); got.Status != vpn.ConnectionActive {
		t.Errorf("got %+v", got)
	}
	s.cursor("epoch-1", 3)
	if !slices.Equal(s.dataplane.acked, []uint64{3}) {
		t.Errorf("acknowledged %v, want all at once", s.dataplane.acked)
	}
}

// A login whose time is over is not granted by the company it is in.
func TestLateLoginInACrowd(t *testing.T) {
	t.Parallel()
	s := associated(t)
	late := s.login("late")
	late.Deadline = time.Now().Add(-time.Second)
	s.ask(late, s.login("alice"))
	for _, d := range s.dataplane.decisions {
		if d.Allow != (d.ID == "login-alice") {
			t.Errorf("got %+v", d)
		}
	}
}

// While a login is being decided the stream breaks and tells of it again: it is decided once. One
// that is stuck keeps no other from its answer.
func TestFollowDecidesOnce(t *testing.T) {
	t.Parallel()
	s := associated(t)
	again, answered := make(chan struct{}), make(chan string, 9)
	s.dataplane.onDecide = func(d vpn.LoginDecision) {
		answered <- d.ID
		if d.ID == "login-slow" {
			<-again
		}
	}
	tell := func(r *vpn.LoginRequest) {
		s.dataplane.do(func() {
			s.dataplane.logins = append(s.dataplane.logins, *r)
		})
	}
	tell(s.login("slow"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan struct{})
	go func() { defer close(done); s.Follow(ctx) }()
	next := func() string {
		select {
		case id := <-answered:
			return id
		case <-time.After(10 * time.Second):
			t.Error("no answer")
			return ""
		}
	}
	if got := next(); got != "login-slow" {
		t.Errorf("answered %s first", got)
	}
	tell(s.login("quick")) // told after the break, and the slow one once more before it
	if got := next(); got != "login-quick" {
		t.Errorf("answered %s next, want the quick one, and the slow one once only", got)
	}
	close(again)
	cancel()
	<-done
	if n := len(s.query("SELECT * FROM connection")); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}
