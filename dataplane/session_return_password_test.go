package dataplane

import (
	"testing"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// Where the endpoint asks for passwords, a handshake from the address and port of a live client continues its connection
// with the token of the session alone. A password is proved by a login, and the user name proves nothing.
func TestRenegotiationNeedsTheTokenBesideAPassword(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-77777777777777783", "10.48.0.0/22")
	r := f.runs[0]
	f.inOwn(func() { f.ep.state.desired.Passwords = true })
	with := func(token string, state ovpn.SessionState) ovpn.Env {
		return ovpn.NewEnv(map[string]string{"username": "alice", "password": "guessed", "session_id": token, "session_state": string(state), "untrusted_ip": "192.0.2.1", "untrusted_port": "5000"})
	}
	f.send(r, ovpn.Connect{CID: 1, Env: with("t1", ovpn.SessionInitial)})
	if _, err := f.grantAgain(t, r, 1, 0, func(d *vpn.LoginDecision) { d.User = vpn.Identity{Provider: "d-1", Key: "k", Name: "alice"} }); err != nil {
		t.Fatal(err)
	}
	sent := commandsTo(r.conn)
	f.send(r, ovpn.Reauth{CID: 1, KID: 1, Env: with("t1", ovpn.SessionAuthenticated)})
	eventually(t, "a client with its token goes on", func() bool { return sent("client-auth-nt 1 1")+sent("client-auth 1 1") == 1 })
	for kid, e := range map[ovpn.KID]ovpn.Env{2: with("t1", ovpn.SessionInitial), 3: with("t2", ovpn.SessionInitial), 4: with("t2", ovpn.SessionAuthenticated)} {
		before := sent("client-kill 1 ")
		f.send(r, ovpn.Reauth{CID: 1, KID: kid, Env: e})
		eventually(t, "it has to sign in again", func() bool { return sent("client-kill 1 ") == before+1 })
	}
	if n := sent("client-auth-nt 1 ") + sent("client-auth 1 "); n != 2 { // the login and the renegotiation with the token
		t.Errorf("%d handshakes were let on, want 2", n)
	}
}
