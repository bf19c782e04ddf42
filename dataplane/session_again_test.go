package dataplane

import (
	"net/netip"
	"testing"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

// grantAgain grants the waiting login of a client another connection under a session that began some time ago.
func (f *fixture) grantAgain(t *testing.T, r run, cid ovpn.CID, ago time.Duration, change func(*vpn.LoginDecision)) (vpn.ConnectionID, error) {
	t.Helper()
	p := f.pendingOf(r, cid)
	if p == nil {
		t.Fatalf("client %d does not wait", cid)
	}
	started := f.now().Add(-ago)
	d := vpn.LoginDecision{
		ID: p.request.ID, Allow: true, Connection: vpn.NewConnectionID(), Session: vpn.NewSessionID(), User: vpn.Identity{Name: p.request.CommonName},
		Started: started, Ends: started.Add(f.desired().SessionTimeout),
	}
	if change != nil {
		change(&d)
	}
	return d.Connection, f.Decide(f.ep.ctx, []vpn.LoginDecision{d})
}

// A client with a genuine token that no connection is known for is a question to web. The end of its session is
// counted from the login, also where that was before the start of the host.
func TestTokenWithoutConnectionAsksWeb(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	f.send(r, ovpn.Connect{CID: 1, Env: env("alice", "t1", ovpn.SessionAuthenticatedEmptyUser)})
	if p := f.pendingOf(r, 1); p == nil || p.request.Token != "t1" || !p.request.Returns {
		t.Fatalf("the question is %+v", p)
	}
	ago := session.Uptime() + time.Hour
	f.inOwn(func() { f.ep.state.desired.SessionTimeout = ago + time.Hour })
	wanted := netip.MustParseAddr("10.36.0.77")
	id, err := f.grantAgain(t, r, 1, ago, func(d *vpn.LoginDecision) { d.Addr = wanted })
	if err != nil {
		t.Fatal(err)
	}
	s, _ := f.ep.sessions.Get(id)
	if s.Addr != wanted {
		t.Errorf("it has address %s, want the former %s", s.Addr, wanted)
	}
	if left := s.Ends - session.Uptime(); left > time.Hour || left < time.Hour-time.Minute || s.Began > -time.Hour+time.Minute || s.Token != "t1" {
		t.Errorf("%s are left of the session %+v", left, s)
	}
	f.inOwn(f.ep.expireSessions)
	if !f.has(id) {
		t.Fatal("it ended at once")
	}
	f.inOwn(func() { f.ep.state.desired.SessionTimeout = ago - time.Minute })
	f.inOwn(f.ep.expireSessions)
	if f.has(id) {
		t.Error("a shorter session timeout does not end it")
	}
	for n, state := range []ovpn.SessionState{ovpn.SessionExpired, ovpn.SessionInvalid, ovpn.SessionExpiredEmptyUser} {
		cid := ovpn.CID(10 + n)
		f.send(r, ovpn.Connect{CID: cid, Env: env("alice", "t1", state)})
		if f.pendingOf(r, cid) != nil {
			t.Errorf("a token that is %s is asked about", state)
		}
	}
}

// A client that asked twice with its token has one connection.
func TestTokenAskedTwice(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	for cid := range ovpn.CID(2) {
		f.send(r, ovpn.Connect{CID: cid, Env: env("alice", "t1", ovpn.SessionAuthenticated)})
	}
	first, err := f.grantAgain(t, r, 0, time.Minute, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := f.grantAgain(t, r, 1, time.Minute, nil)
	if err != nil || f.has(first) || !f.has(second) {
		t.Errorf("the first is there: %v, the second: %v; %v", f.has(first), f.has(second), err)
	}
	f.ep.releaseAddresses(true)
	f.check(t)
}

// Connections whose clients are away end where web gave their places to others; one whose client came back keeps it, and
// the other client is told to try again.
func TestPlacesOfClientsThatAreAway(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	away, back := f.logInUp(t, r, 1, "alice", "t1"), f.logInUp(t, r, 2, "bob", "t2")
	f.send(r, ovpn.Disconnect{CID: 1})
	replaces := func(ids ...vpn.ConnectionID) func(*vpn.LoginDecision) {
		return func(d *vpn.LoginDecision) { d.Replaces = ids }
	}
	sent := commandsTo(r.conn)
	f.send(r, ovpn.Connect{CID: 3, Env: env("carol", "t3", ovpn.SessionInitial)})
	if _, err := f.grantAgain(t, r, 3, 0, replaces(away, back)); err == nil || !f.has(away) || !f.has(back) || sent(`client-deny 3 0 "no place yet" "TEMP[`) != 1 {
		t.Errorf("one is not away: %v; the others are there: %v, %v", err, f.has(away), f.has(back))
	}
	f.send(r, ovpn.Connect{CID: 4, Env: env("carol", "t4", ovpn.SessionInitial)})
	id, err := f.grantAgain(t, r, 4, 0, replaces(away, vpn.NewConnectionID()))
	if err != nil || f.has(away) || !f.has(id) {
		t.Errorf("the one that is away: %v; the new one: %v; %v", f.has(away), f.has(id), err)
	}
	f.send(r, ovpn.Connect{CID: 5, Env: env("carol", "t5", ovpn.SessionInitial)})
	if _, err := f.grantAgain(t, r, 5, 0, replaces("nothing")); vpn.KindOf(err) != vpn.Invalid {
		t.Errorf("a malformed message: %v", err)
	}
}
