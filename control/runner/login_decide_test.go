package runner_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
)

// Many logins are decided in one transaction, and one by one where one of them fails.
func TestManyLogins(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	var crowd []*vpn.LoginRequest
	for _, name := range []string{"alice", "bob", "mallory", "carol"} {
		r := s.Login(name)
		if name == "mallory" {
			r.Endpoint = vpn.NewEndpointID() // deleted a moment ago
		}
		crowd = append(crowd, r)
	}
	s.AddLogins(crowd...)
	let := map[string]vpn.LoginDecision{}
	for _, d := range s.Dataplane.Decisions {
		let[d.ID] = d
	}
	if len(let) != 4 || len(s.Dataplane.Decisions) != 4 {
		t.Fatalf("got %+v, want one answer for each", s.Dataplane.Decisions)
	}
	for _, name := range []string{"alice", "bob", "carol"} {
		d := let["login-"+name]
		if c := s.Connection(d.Connection); !d.Allow || c.Username != name || c.Status != vpn.ConnectionConnecting || c.Session != d.Session {
			t.Errorf("%s: %+v, %+v", name, d, c)
		}
	}
	if d := let["login-mallory"]; d.Allow || d.Later || d.Reason == "" { // it will not exist later either
		t.Errorf("mallory: %+v", d)
	}
	if n := len(s.Query("SELECT * FROM connection")); n != 3 {
		t.Errorf("%d connections, want 3", n)
	}
}

// The events of many clients are stored together and in order: a client that came and left has left.
func TestEventsOfManyClients(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	s.AddLogins(s.Login("alice"), s.Login("bob"))
	var events []vpn.Event
	for _, d := range s.Dataplane.Decisions {
		events = append(events, vpn.Event{Established: &vpn.Established{Connection: d.Connection, Endpoint: s.Endpoint.ID, Association: s.Association.ID}})
	}
	left := s.Dataplane.Decisions[0].Connection
	// In the middle: one event at a time would be acknowledged up to here.
	events = slices.Insert(events, 1, vpn.Event{Ended: &vpn.Ended{Connection: left, Endpoint: s.Endpoint.ID, Reason: "The client left."}})
	s.AddEvents(events...)
	if got := s.Connection(left); got.Status != vpn.ConnectionTerminated || got.EstablishedAt.IsZero() {
		t.Errorf("got %+v", got)
	}
	if got := s.Connection(s.Dataplane.Decisions[1].Connection); got.Status != vpn.ConnectionActive {
		t.Errorf("got %+v", got)
	}
	s.cursor("epoch-1", 3)
	if !slices.Equal(s.Dataplane.Acknowledged, []uint64{3}) {
		t.Errorf("acknowledged %v, want all at once", s.Dataplane.Acknowledged)
	}
}

// A login after its deadline is denied, also in a batch with others.
func TestLateLoginAmongOthers(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	late := s.Login("late")
	late.Deadline = time.Now().Add(-time.Second)
	s.AddLogins(late, s.Login("alice"))
	for _, d := range s.Dataplane.Decisions {
		if late := d.ID != "login-alice"; d.Allow == late || d.Later != late {
			t.Errorf("got %+v", d)
		}
	}
}

// What cannot be decided at the moment is answered so: the client tries again by itself.
func TestUndecidedLoginIsForLater(t *testing.T) {
	t.Parallel()
	last := func(s *site) vpn.LoginDecision { return s.Dataplane.Decisions[len(s.Dataplane.Decisions)-1] }
	want := func(what string, d vpn.LoginDecision, words string) {
		if d.Allow || !d.Later || !strings.Contains(d.Reason, words) {
			t.Errorf("%s: got %+v", what, d)
		}
	}
	s := newAssociatedSite(t)
	s.Exec("CREATE TRIGGER full BEFORE INSERT ON connection BEGIN SELECT RAISE(ABORT, 'nothing can be stored'); END")
	s.AddLogins(s.Login("alice"), s.Login("bob"))
	want("nothing can be stored", last(s), "cannot check your login right now")
	s.Exec("DROP TRIGGER full")

	s.Exec("UPDATE observation SET faults = json_array(json_object('subject', '" + string(s.Association.ID) + "', 'sentence', 'The subnet is not reachable.', 'since', '2026-11-20T12:00:00Z'))")
	s.AddLogins(s.Login("carol"))
	want("the only association has failed", last(s), "is not ready")
	if n := len(s.Query("SELECT * FROM attempt WHERE reason LIKE '%not ready%'")); n != 1 {
		t.Errorf("%d refused attempts are listed, want 1", n)
	}
}

// While a login is being decided, the stream breaks and repeats it: it is decided once. A login that is
// stuck does not delay the others.
func TestFollowDecidesOnce(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	again, answered := make(chan struct{}), make(chan string, 9)
	s.Dataplane.OnDecide = func(d vpn.LoginDecision) {
		answered <- d.ID
		if d.ID == "login-slow" {
			<-again
		}
	}
	tell := func(r *vpn.LoginRequest) {
		s.Dataplane.Do(func() {
			s.Dataplane.WaitingLogins = append(s.Dataplane.WaitingLogins, *r)
		})
	}
	tell(s.Login("slow"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan struct{})
	go func() { defer close(done); s.Runner.Follow(ctx) }()
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
	tell(s.Login("quick")) // sent after the break, after the repeated slow one
	if got := next(); got != "login-quick" {
		t.Errorf("answered %s next, want the quick one, and the slow one once only", got)
	}
	close(again)
	cancel()
	<-done
	if n := len(s.Query("SELECT * FROM connection")); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

// An endpoint that takes the certificates of its server certificate's own authority takes those that
// this authority itself issued: OpenVPN accepts everything below the root. An endpoint with an
// authority of its own leaves it to OpenVPN.
func TestOwnAuthority(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	login := func(name, issuer string) vpn.LoginDecision {
		r := s.Login(name)
		r.Issuer = issuer
		s.AddLogins(r)
		return s.Dataplane.Decisions[len(s.Dataplane.Decisions)-1]
	}
	own := strings.ToLower(strings.ReplaceAll(s.CA.Fingerprint, ":", ""))
	other := strings.Repeat("ab", 32)
	if d := login("alice", other); !d.Allow {
		t.Errorf("an authority that was chosen: %+v", d)
	}
	s.Query("UPDATE endpoint SET client_ca_id = certificate_id RETURNING id")
	if d := login("bob", own); !d.Allow {
		t.Errorf("of the authority itself: %+v", d)
	}
	for name, issuer := range map[string]string{"mallory": other, "oscar": ""} {
		if d := login(name, issuer); d.Allow || !strings.Contains(d.Reason, "was not issued by the authority Our CA itself") {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if n := len(s.Query("SELECT * FROM attempt WHERE reason LIKE '%itself%'")); n != 2 {
		t.Errorf("%d refused attempts, want 2", n)
	}
}

// An endpoint takes so many connections as its quota says, also among logins that are decided together.
func TestConnectionsOfAnEndpointAreLimited(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	s.Set(s.Admin, "connection_quota", "2")
	s.AddLogins(s.Login("alice"), s.Login("bob"), s.Login("carol"))
	granted := 0
	for _, d := range s.Dataplane.Decisions {
		if d.Allow {
			granted++
		} else if !strings.Contains(d.Reason, "its limit of 2 connections") || d.Later {
			t.Errorf("the refusal is %+v", d)
		}
	}
	if n := len(s.Query("SELECT * FROM attempt WHERE code = 'ClientVpnConnectionLimitExceeded' AND reason LIKE '%its limit of 2 connections%'")); n != 1 {
		t.Errorf("%d refused attempts are listed with their code, want 1", n)
	}
	if granted != 2 || len(s.Dataplane.Decisions) != 3 {
		t.Errorf("%d of %d logins were granted, want 2 of 3", granted, len(s.Dataplane.Decisions))
	}
}

// A granted login that becomes no connection is listed as a refused attempt, with the code and the sentence of
// the dataplane. Nothing else is left of it.
func TestGrantedLoginThatIsNotEstablished(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	s.AddLogins(s.Login("alice"), s.Login("bob"))
	full, left := s.Dataplane.Decisions[0].Connection, s.Dataplane.Decisions[1].Connection
	s.AddEvents(
		vpn.Event{Ended: &vpn.Ended{Connection: full, Endpoint: s.Endpoint.ID, Code: vpn.CodeAddressesExhausted, Reason: "No address is free."}},
		vpn.Event{Ended: &vpn.Ended{Connection: left, Endpoint: s.Endpoint.ID, Reason: "The client left."}})
	for name, want := range map[string]string{
		"alice": "code = 'ClientVpnAddressesExhausted' AND reason = 'No address is free.'",
		"bob":   "code = 'ClientVpnConnectionNotEstablished' AND reason = 'The client left.'",
	} {
		if n := len(s.Query("SELECT * FROM attempt WHERE common_name = '" + name + "' AND " + want)); n != 1 {
			t.Errorf("%d refused attempts of %s have %s, want 1", n, name, want)
		}
	}
	if n := len(s.Query("SELECT * FROM connection")); n != 0 {
		t.Errorf("%d connections are left, want none", n)
	}
}

// So is one that OpenVPN took for a connection, and that nothing came through: its client was out of reach by then. What
// carried bytes stays listed as a connection.
func TestGrantedLoginThatCarriedNothing(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	s.AddLogins(s.Login("alice"), s.Login("bob"))
	for n, d := range s.Dataplane.Decisions {
		s.AddEvents(vpn.Event{Established: &vpn.Established{Connection: d.Connection, Endpoint: s.Endpoint.ID, Association: s.Association.ID}})
		s.AddEvents(vpn.Event{Ended: &vpn.Ended{Connection: d.Connection, Endpoint: s.Endpoint.ID, Code: vpn.CodeConnectionNotEstablished, Reason: "Nothing came.", Counters: vpn.Counters{BytesIn: uint64(n)}}})
	}
	if n := len(s.Query("SELECT * FROM attempt WHERE common_name = 'alice' AND code = 'ClientVpnConnectionNotEstablished' AND reason = 'Nothing came.'")); n != 1 {
		t.Errorf("%d refused attempts are listed, want 1", n)
	}
	if n := len(s.Query("SELECT * FROM connection WHERE status = 'terminated' AND username = 'bob'")); n != 1 || len(s.Query("SELECT * FROM connection")) != 1 {
		t.Errorf("%d connections of bob are listed, want this one alone", n)
	}
	if n := len(s.Query("SELECT * FROM vpn_session")); n != 1 {
		t.Errorf("%d sessions are left, want 1", n)
	}
}
