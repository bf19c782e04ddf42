package dataplane

import (
	"testing"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

const signInURL = "https://vpn.example.com/a/0123456789abcdefghijkl"

// browserLogin opens a login whose user signs in in the browser, and gives its ID.
func (f *fixture) browserLogin(t *testing.T, r run, cid ovpn.CID, device string) string {
	t.Helper()
	f.send(r, ovpn.Connect{CID: cid, KID: 1, Env: ovpn.NewEnv(map[string]string{
		"common_name": "alice", "session_id": "t", "session_state": string(ovpn.SessionInitial), "untrusted_ip": device, "untrusted_port": "5000",
		"IV_PROTO": "990", "IV_SSO": "webauth,openurl,crtext", "username": "sso", "password": "sso",
	})})
	p := f.pendingOf(r, cid)
	if p == nil {
		t.Fatalf("client %d: no login waits", cid)
	}
	return p.request.ID
}

func (f *fixture) pendingFor(id string, wait time.Duration) vpn.LoginPending {
	return vpn.LoginPending{ID: id, Method: vpn.SSOWebAuth, URL: signInURL, Until: f.now().Add(wait)}
}

// A client is told how its user signs in, waits for that, and is let in by the decision.
func TestPendedLogin(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-77777777777777901", "10.50.0.0/22")
	r := f.runs[0]
	sent := commandsTo(r.conn)
	id := f.browserLogin(t, r, 1, "192.0.2.1")
	if err := f.Pend(t.Context(), []vpn.LoginPending{f.pendingFor(id, time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if n := sent(`client-pending-auth 1 1 "WEB_AUTH::` + signInURL + `" 185`); n != 1 {
		t.Errorf("the client was told %d times", n)
	}
	var waits vpn.LoginRequest
	for waits = range f.Logins(t.Context()) { // as another web process reads it
		break
	}
	if left := waits.Deadline.Sub(f.now()); waits.ID != id || !waits.Pending || left > vpn.SignInTime || left < vpn.SignInTime-time.Minute {
		t.Errorf("the login waits as %+v", waits)
	}
	if err := f.Pend(t.Context(), []vpn.LoginPending{f.pendingFor("unknown", time.Minute)}); vpn.KindOf(err) != vpn.NotFound {
		t.Errorf("a login that does not wait: %v", err)
	}
	bad := f.pendingFor(id, time.Minute)
	bad.URL = "http://evil.example/"
	if err := f.Pend(t.Context(), []vpn.LoginPending{bad}); vpn.KindOf(err) != vpn.Invalid {
		t.Errorf("a malformed one: %v", err)
	}
	granted := vpn.LoginDecision{
		ID: id, Allow: true, Connection: vpn.NewConnectionID(), Session: vpn.NewSessionID(), User: vpn.Identity{Name: "alice"}, Ends: f.now().Add(time.Hour),
	}
	if err := f.Decide(t.Context(), []vpn.LoginDecision{granted}); err != nil || !f.has(granted.Connection) || sent("client-auth 1 1") != 1 {
		t.Errorf("the client is not let in: %v", err)
	}
	if err := f.Pend(t.Context(), []vpn.LoginPending{f.pendingFor(id, time.Minute)}); vpn.KindOf(err) != vpn.NotFound {
		t.Errorf("a login that was decided: %v", err)
	}
}

// A login whose user does not sign in in time is denied with its code, and listed.
func TestPendedLoginEnds(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-77777777777777902", "10.51.0.0/22")
	r := f.runs[0]
	sent := commandsTo(r.conn)
	id := f.browserLogin(t, r, 1, "192.0.2.1")
	if err := f.Pend(t.Context(), []vpn.LoginPending{f.pendingFor(id, 50*time.Millisecond)}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the client is told why", func() bool {
		return sent(`client-deny 1 1 "no sign-in in time" "UserBrowserTimeout: No sign-in was completed in the browser in time.`) == 1
	})
	if refusedWith(f, vpn.CodeBrowserTimeout) != 1 || f.pendings() != 0 {
		t.Errorf("%d are listed, %d wait", refusedWith(f, vpn.CodeBrowserTimeout), f.pendings())
	}
	if err := f.Pend(t.Context(), []vpn.LoginPending{f.pendingFor(id, time.Minute)}); vpn.KindOf(err) != vpn.NotFound {
		t.Errorf("a login that has ended: %v", err)
	}
}
