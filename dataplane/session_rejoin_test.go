package dataplane

import (
	"testing"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

// device is what a client without a user name says, with a certificate.
func device(certificate, token, platform, ip string) ovpn.Env {
	return ovpn.NewEnv(map[string]string{
		"common_name": "alice", "tls_digest_sha256_0": certificate, "session_id": token, "session_state": string(ovpn.SessionInitial),
		"IV_PLAT": platform, "IV_PROTO": "990", "untrusted_ip": ip, "untrusted_port": "5000",
	})
}

// deviceUp has a device log in and set its tunnel up.
func (f *fixture) deviceUp(t *testing.T, r run, cid ovpn.CID, env ovpn.Env) vpn.ConnectionID {
	t.Helper()
	f.send(r, ovpn.Connect{CID: cid, Env: env})
	id, err := f.grantAgain(t, r, cid, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.send(r, ovpn.Established{CID: cid, Env: env})
	return id
}

// continues asks as a device without a token, and gives the connection that it would continue.
func (f *fixture) continues(t *testing.T, r run, cid ovpn.CID, env ovpn.Env) vpn.ConnectionID {
	t.Helper()
	f.send(r, ovpn.Connect{CID: cid, Env: env})
	p := f.pendingOf(r, cid)
	if p == nil {
		t.Fatalf("client %d does not wait", cid)
	}
	return p.request.Continues
}

// A client that never shows its token continues its connection, with its address, once its certificate's former client is
// away, and returns with the new token from then on; the former token is none any more.
func TestClientWithoutTokenRejoins(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r, other := f.runs[0], f.runs[1]
	id := f.deviceUp(t, r, 1, device("AB", "t1", "linux", "192.0.2.1"))
	before, _ := f.ep.sessions.Get(id)
	if got := f.continues(t, r, 2, device("AB", "t2", "linux", "192.0.2.1")); got != "" {
		t.Errorf("a second device would continue %s, which is live", got)
	}
	f.send(r, ovpn.Disconnect{CID: 1})
	for what, env := range map[string]ovpn.Env{
		"another certificate": device("CD", "t3", "linux", "192.0.2.1"),
		"another platform":    device("AB", "t3", "android", "192.0.2.1"),
		"a user name": ovpn.NewEnv(map[string]string{
			"common_name": "alice", "tls_digest_sha256_0": "AB", "session_id": "t3", "session_state": string(ovpn.SessionInitial), "IV_PLAT": "linux", "username": "alice",
		}),
	} {
		if got := f.continues(t, r, 3, env); got != "" {
			t.Errorf("%s would continue %s", what, got)
		}
	}
	if got := f.continues(t, other, 4, device("AB", "t4", "linux", "192.0.2.9")); got != id {
		t.Fatalf("it would continue %q, want %s", got, id)
	}
	if got := f.continues(t, r, 5, device("AB", "t5", "linux", "192.0.2.9")); got != "" {
		t.Errorf("a second client would continue %s as well", got)
	}
	sent := commandsTo(other.conn)
	if _, err := f.grantAgain(t, other, 4, 0, func(d *vpn.LoginDecision) { d.Connection, d.Session = id, before.Session }); err != nil {
		t.Fatal(err)
	}
	s, _ := f.ep.sessions.Get(id)
	if s.Away() || s.Addr != before.Addr || s.Ends != before.Ends || s.Token != "t4" || s.CID != 4 || sent("client-auth 4 ") != 1 {
		t.Errorf("it continues %+v, was %+v", s, before)
	}
	f.send(other, ovpn.Established{CID: 4})
	if f.ep.holds("t1") || !f.ep.holds("t4") {
		t.Errorf("the former token: %v, the new one: %v", f.ep.holds("t1"), f.ep.holds("t4"))
	}
	f.check(t)

	// Granted while the connection was taken by another: later.
	f.send(other, ovpn.Disconnect{CID: 4})
	if got := f.continues(t, r, 6, device("AB", "t6", "linux", "192.0.2.9")); got != id {
		t.Fatalf("it would continue %q, want %s", got, id)
	}
	f.send(other, ovpn.Connect{CID: 7, Env: ovpn.NewEnv(map[string]string{"common_name": "alice", "tls_digest_sha256_0": "AB", "session_id": "t4", "session_state": string(ovpn.SessionAuthenticatedEmptyUser)})})
	denied := commandsTo(r.conn)
	if _, err := f.grantAgain(t, r, 6, 0, func(d *vpn.LoginDecision) { d.Connection = id }); err == nil || denied(`client-deny 6 0 "not admitted" "TEMP[`) != 1 {
		t.Errorf("granted what another has: %v", err)
	}
	if s, _ := f.ep.sessions.Get(id); s.CID != 7 || s.Away() {
		t.Errorf("the connection has client %d", s.CID)
	}
	f.check(t)
}

// A client that came back before its silence was noticed continues its connection too, where the worker has not heard the
// former client for long enough.
func TestSilentConnectionIsFree(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	id := f.deviceUp(t, r, 1, device("AB", "t1", "linux", "192.0.2.1"))
	s, _ := f.ep.sessions.Get(id)
	key, now := s.Certificate, session.Uptime()
	free := func(after time.Duration) bool {
		s, _ := f.ep.sessions.Get(id)
		return s.Free(key, "linux", now+after)
	}
	client := session.Client{Instance: r.instance, CID: 1}
	f.ep.sessions.Hear(client, 100, now+10*time.Second)
	f.ep.sessions.Hear(client, 100, now+20*time.Second)
	if free(20*time.Second) || free(40*time.Second) {
		t.Errorf("free after 20 s: %v; after 40 s, in which the worker was not asked for 20: %v", free(20*time.Second), free(40*time.Second))
	}
	f.ep.sessions.Hear(client, 100, now+30*time.Second)
	if !free(30*time.Second) || free(48*time.Hour) {
		t.Errorf("free after 30 s: %v, its end: %v", free(30*time.Second), free(48*time.Hour))
	}
	f.ep.sessions.Hear(client, 101, now+40*time.Second)
	if free(41 * time.Second) {
		t.Error("it is free although it was heard")
	}
}

// Of several connections that a client may continue it gets the one that came from its address, then the one that was lost
// last.
func TestWhichConnectionIsContinued(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	ids := map[ovpn.CID]vpn.ConnectionID{}
	for cid, ip := range map[ovpn.CID]string{1: "192.0.2.1", 2: "192.0.2.2", 3: "192.0.2.3"} {
		ids[cid] = f.deviceUp(t, r, cid, device("AB", ip, "linux", ip))
	}
	for _, cid := range []ovpn.CID{2, 3, 1} {
		f.send(r, ovpn.Disconnect{CID: cid})
	}
	for cid, c := range map[ovpn.CID]struct {
		ip   string
		want vpn.ConnectionID
	}{10: {"192.0.2.2", ids[2]}} {
		if got := f.continues(t, r, cid, device("AB", "x", "linux", c.ip)); got != c.want {
			t.Errorf("from %s it continues %s, want %s", c.ip, got, c.want)
		}
	}
	if got := f.continues(t, r, 11, device("AB", "y", "linux", "198.51.100.1")); got != ids[1] {
		t.Errorf("from elsewhere it continues %s, want %s, which was lost last", got, ids[1])
	}
}
