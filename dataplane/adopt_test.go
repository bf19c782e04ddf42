package dataplane

import (
	"testing"
	"time"

	"sallyport/dataplane/journal"
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// A client that returns by its token is in the journal as one that was established before. A
// process that ended before it had answered leaves it waiting at its worker, and the next one must
// answer: no other process does.
func TestReturnIsAnsweredByTheNextProcess(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777c", "10.35.0.0/22")
	before, after := f.runs[0], f.runs[1]
	id := vpn.NewConnectionID()
	if err := f.logIn(before, 1, "zoe", "tok", id); err != nil {
		t.Fatal(err)
	}
	f.send(before, ovpn.Established{CID: 1})
	f.send(before, worker.Ended{Requested: true})
	sent := commandsTo(after.conn)
	f.send(after, ovpn.Connect{CID: 2, Env: env("zoe", "tok", ovpn.SessionAuthenticated)})
	eventually(t, "the client is let in", func() bool { return sent("client-auth 2 ") == 1 })
	kept, err := journal.Read[session.Session](f.journal, journal.Sessions)
	if err != nil || len(kept) != 1 || !kept[0].Established || kept[0].CID != 2 {
		t.Fatalf("the journal has %+v, %v", kept, err)
	}
	f.send(after, worker.Resumed{Status: ovpn.Status{Clients: []ovpn.StatusClient{{CID: 2, Addr: kept[0].Addr}}}})
	if ev := f.lastEvent(); ev.Established == nil || ev.Established.Connection != id {
		t.Errorf("its tunnel was up before this process asked, and the last event is %+v", ev)
	}
	if n := sent("client-auth 2 "); n != 1 {
		t.Errorf("a client that has its answer was answered again: %d times", n)
	}
	f.send(after, worker.Resumed{Status: ovpn.Status{Clients: []ovpn.StatusClient{{CID: 2}}}})
	eventually(t, "the client that waits is answered", func() bool { return sent("client-auth 2 ") == 2 })
	if !f.has(id) || len(f.events.Ended()) > 0 {
		t.Error("the session ended")
	}
}

// A session whose worker ended with the process before is away from this moment on, whatever restarts
// follow, and a moment of another host's uptime is now at the latest.
func TestAdoptedSessionIsAwaySinceItsWorkerEnded(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777c", "10.35.0.0/22")
	r := f.runs[0]
	stays, later := f.logInUp(t, r, 1, "alice", "t1"), f.logInUp(t, r, 2, "bob", "t2")
	read := func() map[vpn.ConnectionID]session.Session {
		t.Helper()
		all, err := journal.Read[session.Session](f.journal, journal.Sessions)
		if err != nil {
			t.Fatal(err)
		}
		out := map[vpn.ConnectionID]session.Session{}
		for _, s := range all {
			out[s.Connection] = s
		}
		return out
	}
	adopt := func(s session.Session) session.Session {
		t.Helper()
		f.inOwn(func() {
			f.ep.sessions = session.NewTable(f.ep.clientCIDR, vpn.AllBlocks(), f.now)
			f.limiter.Release(s.Connection)
			if !f.ep.adoptSession(s, nil) {
				t.Fatal("the session is not adopted")
			}
		})
		now, _ := f.ep.sessions.Get(s.Connection)
		return now
	}
	s := read()[stays]
	s.Instance = "a run that has ended"
	first := adopt(s)
	if kept := read()[stays]; !kept.Away() || kept.AwayAt != first.AwayAt {
		t.Errorf("it is away since %s, the journal has %s", first.AwayAt, kept.AwayAt)
	}
	if second := adopt(read()[stays]); second.AwayAt != first.AwayAt {
		t.Errorf("after another restart it is away since %s, was %s", second.AwayAt, first.AwayAt)
	}
	s = read()[later]
	far := session.Uptime() + 1000*time.Hour
	s.AwayAt, s.Joined, s.Began, s.Ends = far, far, far, far+time.Hour
	if now, got := session.Uptime(), adopt(s); got.AwayAt > now+time.Minute || got.Joined > now+time.Minute || got.Began > now+time.Minute || got.Expired() {
		t.Errorf("after a start of the host: %+v, uptime %s", got, now)
	}
}

// After a time without events the sessions follow what the worker says: those that it lost end, and
// clients without a session are disconnected.
func TestSessionsFollowTheWorkersList(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777d", "10.35.0.0/22")
	r := f.runs[0]
	sent := commandsTo(r.conn)
	stays, lost := vpn.NewConnectionID(), vpn.NewConnectionID()
	for cid, id := range []vpn.ConnectionID{stays, lost} {
		if err := f.logIn(r, ovpn.CID(cid), "user", string(id), id); err != nil {
			t.Fatal(err)
		}
	}
	f.send(r, ovpn.Connect{CID: 5, Env: env("waits", "", ovpn.SessionInitial)})
	s, _ := f.ep.sessions.Get(stays)
	f.send(r, worker.Resumed{Status: ovpn.Status{Clients: []ovpn.StatusClient{{CID: 0, Addr: s.Addr}, {CID: 5}, {CID: 9}}}})
	if s, _ := f.ep.sessions.Get(stays); !s.Established || f.has(lost) || !f.events.Ended()[lost] {
		t.Errorf("the session that stays is %+v; the lost one continues: %v", s, f.has(lost))
	}
	if n := f.pendings(); n > 0 {
		t.Errorf("%d logins wait, and their clients log in again", n)
	}
	eventually(t, "clients without a session are disconnected", func() bool { return sent("client-kill 5 ")+sent("client-kill 9 ") == 2 })
	if n := sent("client-kill 0 "); n != 0 {
		t.Error("the client of a session was disconnected")
	}
}
