package dataplane

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"sallyport/dataplane/hostpolicy"
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// logInUp has a client log in and set its tunnel up.
func (f *fixture) logInUp(t *testing.T, r run, cid ovpn.CID, name, token string) vpn.ConnectionID {
	t.Helper()
	id := vpn.NewConnectionID()
	if err := f.logIn(r, cid, name, token, id); err != nil {
		t.Fatal(err)
	}
	f.send(r, ovpn.Established{CID: cid, Env: env(name, token, ovpn.SessionInitial)})
	return id
}

// lastEvent gives the newest event.
func (f *fixture) lastEvent() vpn.Event {
	all := f.events.Unacknowledged()
	return all[len(all)-1]
}

// A client that falls silent is away: nothing passes, and it returns by its token at another worker to
// its connection and address.
func TestSilentClientIsAwayAndReturns(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	id := f.logInUp(t, f.runs[0], 1, "alice", "t1")
	before, _ := f.ep.sessions.Get(id)
	f.send(f.runs[0], ovpn.Disconnect{CID: 1})
	s, ok := f.ep.sessions.Get(id)
	if !ok || !s.Away() || f.ep.sessions.Up() != 0 {
		t.Fatalf("after its disconnect: %+v, %v; %d are up", s, ok, f.ep.sessions.Up())
	}
	if ev := f.lastEvent(); ev.Away == nil || ev.Away.Connection != id {
		t.Errorf("the last event is %+v", ev)
	}
	f.check(t) // the kernel admits none that is away
	other := f.runs[1]
	sent := commandsTo(other.conn)
	f.send(other, ovpn.Connect{CID: 5, KID: 1, Env: env("alice", "t1", ovpn.SessionAuthenticated)})
	eventually(t, "the client is let in", func() bool { return sent("client-auth 5 ") == 1 })
	f.send(other, ovpn.Established{CID: 5})
	s, _ = f.ep.sessions.Get(id)
	if s.Away() || s.Addr != before.Addr || s.Ends != before.Ends || f.lastEvent().Established == nil {
		t.Errorf("returned: %+v, was %+v; event %+v", s, before, f.lastEvent())
	}
	f.check(t)
}

// A client that says goodbye leaves at once, also where it has moved since.
func TestGoodbyeEndsTheConnection(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	a, b := f.logInUp(t, r, 1, "alice", "t1"), f.logInUp(t, r, 2, "bob", "t2")
	peer := env("", "", "").Untrusted()
	f.send(r, ovpn.Goodbye{CommonName: "mallory", Peer: peer})
	if !f.has(a) || !f.has(b) {
		t.Fatal("another's goodbye ended a connection")
	}
	f.send(r, ovpn.Goodbye{CommonName: "alice", Peer: peer})
	if f.has(a) || !f.has(b) || f.lastEvent().Ended == nil || f.lastEvent().Ended.Reason != clientDisconnected {
		t.Errorf("alice is there: %v, bob: %v; event %+v", f.has(a), f.has(b), f.lastEvent())
	}
	moved := ovpn.NewEnv(map[string]string{"trusted_ip": "192.0.2.9", "trusted_port": "77"})
	f.send(r, ovpn.Goodbye{CommonName: "bob", Peer: moved.Trusted()})
	f.send(r, ovpn.Disconnect{CID: 2, Env: moved})
	if f.has(b) {
		t.Error("bob had moved, said goodbye, and is there")
	}
	if left := len(f.ep.state.goodbyes); left != 1 { // mallory's
		t.Errorf("%d goodbyes are kept", left)
	}
}

// A client that left while no management session was open ended its connection; one that fell silent in that
// time is away, and so is one whose goodbye was of another address.
func TestGoodbyeWithoutManagement(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	a, b := f.logInUp(t, r, 1, "alice", "t1"), f.logInUp(t, r, 2, "bob", "t2")
	peer := env("", "", "").Untrusted()
	other := netip.MustParseAddrPort("192.0.2.9:77")
	f.send(r, worker.Resumed{Left: []worker.Left{
		{Goodbye: ovpn.Goodbye{CommonName: "alice", Peer: peer}, At: time.Now().Truncate(time.Second)},
		{Goodbye: ovpn.Goodbye{CommonName: "bob", Peer: other}, At: time.Now()},
	}})
	if f.has(a) || !f.has(b) {
		t.Errorf("alice, who left, is there: %v; bob, who is away: %v", f.has(a), f.has(b))
	}
}

// The goodbye of a client whose connection was terminated, or that left and came again, ends no later
// connection from the same port.
func TestGoodbyeOfAnEarlierConnection(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	peer := env("", "", "").Untrusted()
	gone := ovpn.NewEnv(map[string]string{"common_name": "alice", "trusted_ip": "192.0.2.1", "trusted_port": "5000"})
	first := f.logInUp(t, r, 1, "alice", "t1")
	if err := f.Terminate(t.Context(), []vpn.ConnectionID{first}, "No."); err != nil {
		t.Fatal(err)
	}
	f.send(r, ovpn.Goodbye{CommonName: "alice", Peer: peer})
	f.send(r, ovpn.Disconnect{CID: 1, Env: gone})
	if left := len(f.ep.state.goodbyes); left != 0 {
		t.Errorf("%d goodbyes are kept", left)
	}
	f.send(r, ovpn.Goodbye{CommonName: "alice", Peer: peer}) // and its disconnect has no name
	f.inOwn(func() {
		for said := range f.ep.state.goodbyes {
			f.ep.state.goodbyes[said] -= 2 * time.Second
		}
	})
	second := f.logInUp(t, r, 2, "alice", "t2")
	f.send(r, ovpn.Disconnect{CID: 2, Env: gone})
	if s, _ := f.ep.sessions.Get(second); !s.Away() {
		t.Error("an old goodbye ended a connection")
	}
	third := f.logInUp(t, r, 3, "alice", "t3")
	f.send(r, worker.Resumed{Left: []worker.Left{{Goodbye: ovpn.Goodbye{CommonName: "alice", Peer: peer}, At: time.Now().Add(-20 * time.Second)}}})
	if s, _ := f.ep.sessions.Get(third); !s.Away() {
		t.Error("a goodbye in the log from before its login ended a connection")
	}
	f.inOwn(func() {
		f.ep.rememberGoodbye(r.instance, ovpn.Goodbye{CommonName: "alice", Peer: peer}, goodbyeKept+time.Second)
		f.ep.forgetGoodbyes()
		if left := len(f.ep.state.goodbyes); left != 0 {
			t.Errorf("%d old goodbyes are kept", left)
		}
	})
}

// Where the kernel cannot be closed for a client that is away, it is as soon as that can be done.
func TestAwayIsClosedLater(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	id := f.logInUp(t, f.runs[0], 1, "alice", "t1")
	f.logInUp(t, f.runs[0], 2, "bob", "t2")
	admits := func() bool {
		s, _ := f.ep.sessions.Get(id)
		_, there := f.filter.table.Sessions()[s.Addr]
		return there
	}
	// Another program's table in the place of ours, whose set has other elements: ours cannot be taken out of it.
	foreign := exec.Command("nft", "delete table inet sallyport; add table inet sallyport; add set inet sallyport sessions { type inet_service; }")
	if out, err := foreign.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f.send(f.runs[0], ovpn.Disconnect{CID: 1})
	f.inOwn(f.ep.closeAway)
	if !admits() {
		t.Fatal("the test cannot tell: the kernel was closed at once")
	}
	f.repairTable(t.Context())
	f.inOwn(f.ep.closeAway)
	f.check(t)
}

// A connection ends as lost when its client was away for too long.
func TestAwayTimeIsOver(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	id := f.logInUp(t, f.runs[0], 1, "alice", "t1")
	f.send(f.runs[0], ovpn.Disconnect{CID: 1})
	f.inOwn(f.ep.expireSessions)
	if !f.has(id) {
		t.Fatal("the connection ended at once")
	}
	f.ep.cfg.AwayTime = time.Nanosecond
	f.inOwn(f.ep.expireSessions)
	if ev := f.lastEvent(); f.has(id) || ev.Ended == nil || ev.Ended.Reason != "The client was out of reach for 1ns." {
		t.Errorf("it is there: %v; event %+v", f.has(id), ev)
	}
	for d, want := range map[time.Duration]string{time.Hour: "an hour", 2 * time.Hour: "2 hours", 90 * time.Minute: "90 minutes", time.Second: "a second"} {
		if got := inWords(d); got != want {
			t.Errorf("%s in words: %q", d, got)
		}
	}
}

// Clients that are away give their addresses up for new ones, the longest away first.
func TestAddressesOfClientsThatAreAway(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	f.inOwn(func() { f.ep.sessions.AssignBlocks([]int{1}) }) // 16 addresses, one of them kept free
	var ids []vpn.ConnectionID
	for n := range ovpn.CID(16) {
		ids = append(ids, f.logInUp(t, r, n, "alice", string(rune('a'+n))))
	}
	for _, n := range []ovpn.CID{3, 2} {
		f.send(r, ovpn.Disconnect{CID: n})
	}
	sent := commandsTo(r.conn)
	if err := f.logIn(r, 20, "bob", "t20", vpn.NewConnectionID()); err == nil || sent(`client-deny 20 0 "no place yet" "TEMP[`) != 1 {
		t.Errorf("the login without an address: %v", err)
	}
	if f.has(ids[3]) || !f.has(ids[2]) {
		t.Errorf("the first is there: %v, the second: %v", f.has(ids[3]), f.has(ids[2]))
	}
	f.inOwn(f.ep.expireSessions)
	if !f.has(ids[2]) {
		t.Error("more were ended than are needed")
	}
	f.ep.releaseAddresses(true)
	f.check(t)
}

// A login that is refused ends no connection of another client that is away, and one that waits for an
// address ends one only.
func TestRefusedLoginEndsNoOtherConnection(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	f.inOwn(func() { f.ep.sessions.AssignBlocks([]int{1}) }) // 16 addresses
	var ids []vpn.ConnectionID
	for n := range ovpn.CID(16) {
		ids = append(ids, f.logInUp(t, r, n, "alice", string(rune('a'+n))))
	}
	for n := range ovpn.CID(8) {
		f.send(r, ovpn.Disconnect{CID: n})
	}
	policy := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(policy, []byte("{\"max_sessions\": 16}"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.ep.policy = hostpolicy.NewFile(policy) // the host is full too
	away := func() int { return len(f.ep.sessions.LongestAway(16)) }
	login := func(cid ovpn.CID, name string, change func(*vpn.LoginDecision)) error {
		f.send(r, ovpn.Connect{CID: cid, Env: env(name, name, ovpn.SessionInitial)})
		d := vpn.LoginDecision{ID: f.pendingOf(r, cid).request.ID, Allow: true, Connection: vpn.NewConnectionID(),
			Session: vpn.NewSessionID(), User: vpn.Identity{Name: name}, Ends: f.now().Add(time.Hour)}
		change(&d)
		return f.Decide(t.Context(), []vpn.LoginDecision{d})
	}
	late := login(30, "bob", func(d *vpn.LoginDecision) { d.Ends = f.now().Add(-time.Hour) })
	known := login(31, "bob", func(d *vpn.LoginDecision) { d.Connection = ids[12] })
	terminated := login(32, "bob", func(d *vpn.LoginDecision) { _ = f.Terminate(t.Context(), []vpn.ConnectionID{d.Connection}, "No.") })
	if late == nil || known == nil || terminated == nil || away() != 8 {
		t.Fatalf("late: %v; known: %v; terminated: %v; %d are away, want 8", late, known, terminated, away())
	}
	for cid := range ovpn.CID(3) {
		if err := login(33+cid, "bob", func(*vpn.LoginDecision) {}); vpn.KindOf(err) != vpn.Unavailable {
			t.Errorf("without an address: %v", err)
		}
	}
	if away() != 7 {
		t.Errorf("%d are away after one client tried three times, want 7", away())
	}
	f.ep.releaseAddresses(true)
	f.check(t)
}

// At the renegotiation of a live client its certificate is enough; another certificate is not.
func TestRenegotiationNeedsTheCertificate(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	with := func(digest string, state ovpn.SessionState) ovpn.Env {
		return ovpn.NewEnv(map[string]string{"common_name": "alice", "session_id": "t1", "session_state": string(state), "tls_digest_sha256_0": digest})
	}
	f.send(r, ovpn.Connect{CID: 1, Env: with("AB:01", ovpn.SessionInitial)})
	id := vpn.NewConnectionID()
	if err := f.Decide(f.ep.ctx, []vpn.LoginDecision{{
		ID: f.pendingOf(r, 1).request.ID, Allow: true, Connection: id, Session: vpn.NewSessionID(), User: vpn.Identity{Name: "alice"}, Ends: f.now().Add(time.Hour),
	}}); err != nil {
		t.Fatal(err)
	}
	sent := commandsTo(r.conn)
	f.send(r, ovpn.Reauth{CID: 1, KID: 2, Env: with("AB:01", ovpn.SessionInitial)})
	eventually(t, "a client without a token goes on", func() bool { return sent("client-auth-nt 1 2")+sent("client-auth 1 2") == 1 })
	f.send(r, ovpn.Reauth{CID: 1, KID: 3, Env: with("CD:02", ovpn.SessionAuthenticated)})
	eventually(t, "another certificate is refused", func() bool { return sent("client-deny 1 3 ") == 1 })
	f.send(r, ovpn.Connect{CID: 2, Env: with("CD:02", ovpn.SessionAuthenticated)})
	if s, _ := f.ep.sessions.Get(id); s.CID != 1 {
		t.Error("a token resumed a session of another certificate")
	}
}

// The list shows where a client is that changed its address.
func TestMovedClient(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	id := f.logInUp(t, f.runs[0], 1, "alice", "t1")
	peer := ovpn.NewEnv(map[string]string{"trusted_ip": "192.0.2.9", "trusted_port": "77"}).Trusted()
	status := ovpn.Status{Clients: []ovpn.StatusClient{{CID: 1, Peer: peer}, {CID: 8, Peer: peer}}}
	for range 2 {
		f.inOwn(func() { f.ep.refreshClients(f.runs[0].instance, status) })
	}
	if s, _ := f.ep.sessions.Get(id); s.Peer != peer || len(f.events.Unacknowledged()) != 2 || f.lastEvent().Established.Device != peer {
		t.Errorf("%+v; events %+v", s, f.events.Unacknowledged())
	}
}
