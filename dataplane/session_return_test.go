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

// A client that logs in again under another KID while its first login was granted has one session: the
// first one ends, with its address and its place in the limit.
func TestSecondLoginOfAClientReplacesItsSession(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	first, second := vpn.NewConnectionID(), vpn.NewConnectionID()
	if err := f.logIn(r, 1, "alice", "t1", first); err != nil {
		t.Fatal(err)
	}
	if err := f.logIn(r, 1, "alice", "t2", second); err != nil {
		t.Fatal(err)
	}
	if f.has(first) || !f.has(second) || !f.events.Ended()[first] {
		t.Errorf("the first session continues: %v, the second: %v; ended: %v", f.has(first), f.has(second), f.events.Ended())
	}
	f.ep.releaseAddresses(true)
	f.check(t)
	// It returns with the token of another session while it has one.
	third := vpn.NewConnectionID()
	if err := f.logIn(r, 2, "alice", "t3", third); err != nil {
		t.Fatal(err)
	}
	f.send(r, ovpn.Connect{CID: 2, KID: 1, Env: env("alice", "t2", ovpn.SessionAuthenticated)})
	if f.has(third) || !f.has(second) {
		t.Errorf("the third session continues: %v, the second: %v", f.has(third), f.has(second))
	}
	f.ep.releaseAddresses(true)
	f.check(t)
}

// An answer that fails does not end a session that has returned under another CID meanwhile.
func TestFailedAnswerLeavesASessionThatReturned(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	id := vpn.NewConnectionID()
	if err := f.logIn(r, 1, "alice", "tok", id); err != nil {
		t.Fatal(err)
	}
	sent := commandsTo(r.conn)
	refuse(r.conn, "client-auth 1 ")
	n := worker.Event{Worker: r.worker, Instance: r.instance, Conn: r.conn}
	f.inOwn(func() {
		s, _ := f.ep.sessions.Get(id)
		f.ep.answerAgain(n, s)
		eventually(t, "the answer fails", func() bool { return sent("client-auth 1 ") == 2 })
		f.ep.connect(n, ovpn.Connect{CID: 2, Env: env("alice", "tok", ovpn.SessionAuthenticated)})
	})
	eventually(t, "the client is let in again", func() bool { return sent("client-auth 2 ") == 1 })
	quiet := time.Now().Add(300 * time.Millisecond)
	eventually(t, "nothing ends the session", func() bool { return !f.has(id) || time.Now().After(quiet) })
	if !f.has(id) {
		t.Error("the session ended")
	}
}

// A client that OpenVPN may have let in although the answer failed is disconnected, and returns.
func TestReturnWhoseAnswerFailedIsDisconnected(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	id := vpn.NewConnectionID()
	if err := f.logIn(r, 1, "alice", "tok", id); err != nil {
		t.Fatal(err)
	}
	sent := commandsTo(r.conn)
	refuse(r.conn, "client-auth 2 ")
	f.send(r, ovpn.Connect{CID: 2, Env: env("alice", "tok", ovpn.SessionAuthenticated)})
	eventually(t, "the client is disconnected", func() bool { return sent(`client-kill 2 "RESTART,[P]Try again"`) == 1 })
	if s, _ := f.ep.sessions.Get(id); !s.Away() {
		t.Error("the session does not wait for its client")
	}
}

// A session that an earlier version journalled has no certificate: it is that of its client's first return.
func TestFirstReturnBindsTheCertificate(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	id := f.logInUp(t, r, 1, "alice", "t1") // without a certificate
	with := func(serial string) ovpn.Env {
		return ovpn.NewEnv(map[string]string{
			"common_name": "alice", "session_id": "t1", "session_state": string(ovpn.SessionAuthenticated), "tls_serial_0": serial, "tls_digest_sha256_0": "AA:" + serial, "tls_digest_sha256_1": "CC:01",
		})
	}
	f.send(r, ovpn.Connect{CID: 2, Env: with("17")})
	kept, err := journal.Read[session.Session](f.journal, journal.Sessions)
	if err != nil || len(kept) != 1 || kept[0].Certificate != "17 alice" || kept[0].CID != 2 {
		t.Fatalf("the journal has %+v, %v", kept, err)
	}
	f.send(r, ovpn.Connect{CID: 3, Env: with("18")})
	if s, _ := f.ep.sessions.Get(id); s.CID != 2 {
		t.Error("another certificate with the same common name resumed the session")
	}
}

// It is that of its client's renegotiation, where that comes first: OpenVPN lets a running client renegotiate with no other one.
func TestRenegotiationBindsTheCertificate(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	id := f.logInUp(t, r, 1, "alice", "t1") // without a certificate
	with := func(serial string) ovpn.Env {
		return ovpn.NewEnv(map[string]string{
			"common_name": "alice", "session_id": "t1", "session_state": string(ovpn.SessionAuthenticated), "tls_serial_0": serial, "tls_digest_sha256_0": "AA:" + serial, "tls_digest_sha256_1": "CC:01",
		})
	}
	f.send(r, ovpn.Reauth{CID: 1, Env: with("17")})
	kept, err := journal.Read[session.Session](f.journal, journal.Sessions)
	if err != nil || len(kept) != 1 || kept[0].Certificate != "17 alice" {
		t.Fatalf("the journal has %+v, %v", kept, err)
	}
	f.send(r, ovpn.Connect{CID: 2, Env: with("18")})
	if s, _ := f.ep.sessions.Get(id); s.CID != 1 {
		t.Error("another certificate with the same common name resumed the session")
	}
}

// A client whose tunnel is up and that has no session is disconnected.
func TestTunnelWithoutSessionIsDisconnected(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	sent := commandsTo(f.runs[0].conn)
	f.send(f.runs[0], ovpn.Established{CID: 7})
	eventually(t, "the client is disconnected", func() bool { return sent(`client-kill 7 "RESTART,[P]Try again"`) == 1 })
}
