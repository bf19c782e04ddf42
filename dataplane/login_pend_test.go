package dataplane

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/dataplane/journal"
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

const signInURL = "https://vpn.example.com/a/0123456789abcdefghijkl"

// waits gives what web's stream has of a login that waits.
func (f *fixture) waits(id string) (r vpn.LoginRequest, ok bool) {
	f.inOwn(func() { // whatever changes a login has changed the stream too
		p := f.ep.state.pending[id]
		ok = p != nil
		if ok {
			r = p.request
		}
	})
	return r, ok
}

// kept gives the names of the logins in the journal.
func (f *fixture) kept(t *testing.T) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(f.journal.Path(journal.Logins, "x")))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	return names
}

// forgetAll is the end of the process: nothing of its memory is left, and the journal is read again.
func (f *fixture) forgetAll(t *testing.T) {
	t.Helper()
	logins, err := journal.Read[pendedLogin](f.journal, journal.Logins)
	if err != nil {
		t.Fatal(err)
	}
	f.inOwn(func() {
		for id, p := range f.ep.state.pending {
			p.timer.Stop()
			f.logins.Remove(id)
		}
		clear(f.ep.state.pending)
		clear(f.ep.state.waiting)
		for _, l := range logins {
			f.ep.state.left[l.client()] = l
		}
	})
}

// browserLogin opens a login whose user signs in in the browser, and gives its ID.
func (f *fixture) browserLogin(t *testing.T, r run, cid ovpn.CID, device string) string {
	t.Helper()
	f.send(r, ovpn.Connect{CID: cid, KID: 1, Env: ovpn.NewEnv(map[string]string{
		"common_name": "alice", "session_id": "t", "session_state": string(ovpn.SessionInitial), "untrusted_ip": device, "untrusted_port": "5000",
		"IV_PROTO": "990", "IV_SSO": "webauth,openurl,crtext", "username": "dummy-name", "password": "dummy-word",
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
	var waits vpn.LoginNews
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

// A client that was out of reach when its user confirmed has no connection: OpenVPN takes its tunnel for up, and nothing comes.
// One that was heard since is away as any other.
func TestPendedLoginOfASilentClient(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-77777777777777909", "10.58.0.0/22")
	r := f.runs[0]
	var ids [3]vpn.ConnectionID // 0 is silent, 1 is heard, 2 is silent for a moment only
	for n := range ids {
		cid := ovpn.CID(n)
		id := f.browserLogin(t, r, cid, fmt.Sprintf("192.0.2.%d", n+1))
		if err := f.Pend(t.Context(), []vpn.LoginPending{f.pendingFor(id, time.Minute)}); err != nil {
			t.Fatal(err)
		}
		f.inOwn(func() {
			f.ep.state.pending[id].request.Token = fmt.Sprint("t", n)
			f.ep.refreshClients(r.instance, ovpn.Status{Clients: []ovpn.StatusClient{{CID: cid, In: 4000}}})
		})
		ids[n] = vpn.NewConnectionID()
		if err := f.Decide(t.Context(), []vpn.LoginDecision{{
			ID: id, Allow: true, Connection: ids[n], Session: vpn.NewSessionID(), User: vpn.Identity{Name: fmt.Sprint("user", n)}, Ends: f.now().Add(time.Hour),
		}}); err != nil {
			t.Fatal(err)
		}
		f.send(r, ovpn.Established{CID: cid})
		received, after := uint64(4000), 15*time.Second
		switch n {
		case 1:
			received = 4050
		case 2:
			after = 5 * time.Second
		}
		f.ep.sessions.Hear(session.Client{Instance: r.instance, CID: cid}, received, session.Uptime()+after)
		f.send(r, ovpn.Disconnect{CID: cid})
	}
	if f.has(ids[0]) || !f.has(ids[1]) || !f.has(ids[2]) {
		t.Errorf("the silent one is kept: %t; the heard one: %t; the one that was silent for a moment: %t", f.has(ids[0]), f.has(ids[1]), f.has(ids[2]))
	}
	var end vpn.Ended
	for _, ev := range f.events.Unacknowledged() {
		if ev.Ended != nil {
			end = *ev.Ended
		}
	}
	if end.Connection != ids[0] || end.Code != vpn.CodeConnectionNotEstablished || !strings.Contains(end.Reason, "Nothing came from the client") {
		t.Errorf("the end is %+v", end)
	}
	f.ep.releaseAddresses(true)
	f.check(t)
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

// A login whose user is in the browser is in the journal before its client is told, without a password, and goes on in the
// next process: the stream has it again, and its client is not told twice. One whose client has left is forgotten.
func TestPendedLoginGoesOnInTheNextProcess(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-77777777777777903", "10.52.0.0/22")
	r := f.runs[0]
	sent := commandsTo(r.conn)
	f.inOwn(func() { f.ep.state.desired.Browser = true })
	var ids [4]string // 0 stays, 1 leaves, 2 was not told for certain, 3 waits for web alone
	for cid := range ids {
		ids[cid] = f.browserLogin(t, r, ovpn.CID(cid), "192.0.2.1")
	}
	refuse(r.conn, "client-pending-auth 2 ")
	if err := f.Pend(t.Context(), []vpn.LoginPending{f.pendingFor(ids[0], time.Minute), f.pendingFor(ids[1], time.Minute), f.pendingFor(ids[2], time.Minute)}); err == nil {
		t.Error("a worker that refuses is no error")
	}
	path := f.journal.Path(journal.Logins, ids[0])
	info, err := os.Stat(path)
	text, _ := os.ReadFile(path)
	if err != nil || info.Mode().Perm() != 0o600 || !bytes.Contains(text, []byte(signInURL)) || bytes.Contains(text, []byte("dummy")) {
		t.Fatalf("the journal has %s, %v", text, err)
	}
	before, _ := f.waits(ids[0])
	f.forgetAll(t)
	f.send(r, worker.Resumed{Status: ovpn.Status{Clients: []ovpn.StatusClient{{CID: 0}, {CID: 2}, {CID: 3}}}})
	after, ok := f.waits(ids[0])
	if left := after.Deadline.Sub(f.now()); !ok || !after.Pending || after.Device != before.Device || left > time.Minute || left < 30*time.Second {
		t.Errorf("the login goes on as %+v, %v", after, ok)
	}
	if at, waits := f.logins.Endpoint(ids[0]); !waits || at != f.ep.id {
		t.Error("web is not told of it")
	}
	eventually(t, "the client that may not have been told is told, and the one that waited for web alone begins anew", func() bool {
		return sent("client-pending-auth 2 ") == 2 && sent(`client-kill 3 "RESTART,[P]`) == 1
	})
	if n := sent("client-pending-auth 0 ") + sent("client-kill 0 ") + sent("client-kill 2 "); n != 1 {
		t.Errorf("the others were sent %d commands, want the first alone", n)
	}
	if kept := f.kept(t); len(kept) != 2 {
		t.Errorf("the journal has %v", kept)
	}
	granted := vpn.LoginDecision{ID: ids[0], Allow: true, Connection: vpn.NewConnectionID(), Session: vpn.NewSessionID(), User: vpn.Identity{Name: "alice"}, Ends: f.now().Add(time.Hour)}
	if err := f.Decide(t.Context(), []vpn.LoginDecision{granted}); err != nil || sent("client-auth 0 1") != 1 {
		t.Errorf("it is not let in: %v", err)
	}
	// The management connection broke, and the client left meanwhile.
	f.send(r, worker.Resumed{})
	if kept := f.kept(t); len(kept) != 0 || f.pendings() != 0 {
		t.Errorf("the journal has %v, and %d wait", kept, f.pendings())
	}
}

// A login whose time was over while no process ran is denied as one whose user did not sign in.
func TestPendedLoginEndsBetweenProcesses(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-77777777777777904", "10.53.0.0/22")
	r := f.runs[0]
	sent := commandsTo(r.conn)
	id := f.browserLogin(t, r, 1, "192.0.2.1")
	if err := f.Pend(t.Context(), []vpn.LoginPending{f.pendingFor(id, time.Minute)}); err != nil {
		t.Fatal(err)
	}
	f.forgetAll(t)
	f.inOwn(func() {
		for c, l := range f.ep.state.left {
			l.Until = 1
			f.ep.state.left[c] = l
		}
	})
	f.send(r, worker.Resumed{Status: ovpn.Status{Clients: []ovpn.StatusClient{{CID: 1}}}})
	eventually(t, "the client is denied", func() bool { return sent(`client-deny 1 1 "no sign-in in time"`) == 1 })
	if kept := f.kept(t); len(kept) != 0 {
		t.Errorf("the journal has %v", kept)
	}
}

// The journal forgets a login when its client leaves, asks again, or loses its worker, and one of a worker that runs no
// more is not taken over.
func TestPendedLoginIsForgotten(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-77777777777777905", "10.54.0.0/22")
	r := f.runs[0]
	for what, end := range map[string]func(id string){
		"the client leaves":       func(string) { f.send(r, ovpn.Disconnect{CID: 1}) },
		"the worker ends":         func(string) { f.send(r, worker.Ended{}) },
		"the client asks again":   func(string) { f.browserLogin(t, r, 1, "192.0.2.1") },
		"the client is denied":    func(id string) { _ = f.Decide(t.Context(), []vpn.LoginDecision{{ID: id, Reason: "No."}}) },
		"no process has a worker": func(string) { f.forgetAll(t); f.inOwn(func() { f.ep.detachWorker(r.instance) }) },
		"it is not adopted": func(string) {
			logins, err := journal.Read[pendedLogin](f.journal, journal.Logins)
			if err != nil || len(logins) != 1 {
				t.Errorf("the journal has %v, %v", logins, err)
			}
			f.inOwn(func() { f.adoptLogins(logins) })
		},
	} {
		id := f.browserLogin(t, r, 1, "192.0.2.1")
		if err := f.Pend(t.Context(), []vpn.LoginPending{f.pendingFor(id, time.Minute)}); err != nil || len(f.kept(t)) != 1 {
			t.Fatalf("%s: the journal has %v, %v", what, f.kept(t), err)
		}
		end(id)
		if kept := f.kept(t); len(kept) != 0 {
			t.Errorf("%s: the journal has %v", what, kept)
		}
		f.send(r, ovpn.Disconnect{CID: 1})
	}
}

// What the journal has of a login is read by later versions as it was written.
func TestJournalOfPendedLogin(t *testing.T) {
	t.Parallel()
	text := `{"request":{"id":"ABC","endpoint":"cvpn-endpoint-0123456789abcdef0","device":"192.0.2.1:5000","common_name":"alice","serial":"17","fingerprint":"ab","issuer":"cd","platform":"linux","version":"2.6.14","deadline":"2026-11-27T15:00:00Z","token":"SESSIONTOKEN1234","sso":["webauth"],"pending":true},` +
		`"pending":{"id":"ABC","method":"webauth","url":"https://vpn.example.com/a/b","until":"2026-11-27T15:00:00Z"},"told":true,"certificate":"17 alice","named":true,"waits":true,"instance":"sp-1-2","device":"sp","cid":4,"kid":1,"began":1000,"until":2000}`
	var l pendedLogin
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(l); err != nil || string(again) != text {
		t.Errorf("it is written as\n%s, %v", again, err)
	}
}

// What a client's user enters reaches web with the login, once each time that the client is told.
func TestAnswerOfPendedLogin(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-77777777777777906", "10.55.0.0/22")
	r := f.runs[0]
	id := f.browserLogin(t, r, 1, "192.0.2.1")
	f.send(r, ovpn.CRResponse{CID: 1, KID: 1, Response: "MTIzNDU2"}) // nothing was asked
	ask := vpn.LoginPending{ID: id, Method: vpn.SSOCRText, Prompt: "Enter the code of the page", Until: f.now().Add(time.Minute)}
	read := make(chan vpn.LoginRequest)
	go func() {
		for l := range f.Logins(t.Context()) {
			if !l.All {
				read <- l.LoginRequest
			}
		}
	}()
	if first := <-read; first.Answer != "" || first.Pending {
		t.Errorf("nothing was asked, and web has %+v", first)
	}
	for _, code := range []string{"123456", "654321"} {
		if err := f.Pend(t.Context(), []vpn.LoginPending{ask}); err != nil {
			t.Fatal(err)
		}
		if l, _ := f.waits(id); l.Answer != "" {
			t.Error("the former answer is kept")
		}
		f.send(r, ovpn.CRResponse{CID: 1, KID: 2, Response: "MTIzNDU2"})        // of another handshake
		f.send(r, ovpn.CRResponse{CID: 1, KID: 1, Response: "AAAA"})            // no text
		f.send(r, ovpn.CRResponse{CID: 2, KID: 1, Response: "MTIzNDU2"})        // of no login
		f.send(r, ovpn.CRResponse{CID: 1, KID: 1, Response: base64Of(code)})    // the answer
		f.send(r, ovpn.CRResponse{CID: 1, KID: 1, Response: base64Of("other")}) // and one more
		if l := <-read; l.ID != id || !l.Pending || l.Answer.Reveal() != code {
			t.Errorf("web has %+v with the answer %q, want %q", l, l.Answer.Reveal(), code)
		}
	}
	text, err := os.ReadFile(f.journal.Path(journal.Logins, id))
	if err != nil || bytes.Contains(text, []byte("654321")) {
		t.Errorf("the journal has %s, %v", text, err)
	}
}

// One host cannot take the places of all others with logins that are never completed, and clients that return by token find
// one in any case.
func TestCrowdOfPendedLogins(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-77777777777777907", "10.56.0.0/22") // 1024 addresses
	r := f.runs[0]
	sent := commandsTo(r.conn)
	f.inOwn(func() { f.ep.state.desired.Browser = true })
	cid := ovpn.CID(0)
	login := func(device string, state ovpn.SessionState) bool {
		cid++
		f.send(r, ovpn.Connect{CID: cid, KID: 1, Env: ovpn.NewEnv(map[string]string{
			"session_id": fmt.Sprint("t", cid), "session_state": string(state), "untrusted_ip": device, "untrusted_port": "5000", "IV_PROTO": "990",
		})})
		return f.pendingOf(r, cid) != nil
	}
	waiting := 0
	for host := range 12 {
		for range 70 {
			if login(fmt.Sprintf("192.0.2.%d", host+1), ovpn.SessionInitial) {
				waiting++
			}
		}
		if host == 0 && waiting != 64 {
			t.Errorf("%d logins of one host wait, want 64", waiting)
		}
	}
	if waiting != 512 {
		t.Errorf("%d logins wait, want 512", waiting)
	}
	if login("192.0.2.200", ovpn.SessionInitial) || !login("192.0.2.200", ovpn.SessionAuthenticated) {
		t.Error("a login that waits for a person has a place, or one that returns by token has none")
	}
	eventually(t, "the others try again by themselves", func() bool {
		return sent(fmt.Sprintf(`client-deny %d 1 "too many logins wait" "TEMP[backoff 10]`, cid-1)) == 1
	})
}

// Where users sign in in the browser, a handshake from the port of a live client continues its connection with the
// session's token alone, and a certificate alone continues no connection.
func TestRenegotiationNeedsTheTokenBesideABrowser(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-77777777777777908", "10.57.0.0/22")
	r := f.runs[0]
	f.inOwn(func() { f.ep.state.desired.Browser = true })
	with := func(token string, state ovpn.SessionState) ovpn.Env {
		return ovpn.NewEnv(map[string]string{
			"common_name": "alice", "tls_serial_0": "17", "tls_digest_sha256_0": "ab", "tls_digest_sha256_1": "cd",
			"session_id": token, "session_state": string(state), "untrusted_ip": "192.0.2.1", "untrusted_port": "5000", "IV_PROTO": "990",
		})
	}
	sent := commandsTo(r.conn)
	f.send(r, ovpn.Connect{CID: 1, KID: 1, Env: with("t1", ovpn.SessionInitial)})
	id, err := f.grantAgain(t, r, 1, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.send(r, ovpn.Established{CID: 1, Env: with("t1", "")})
	f.send(r, ovpn.Reauth{CID: 1, KID: 2, Env: with("t1", ovpn.SessionAuthenticatedEmptyUser)})
	eventually(t, "a client with its token goes on", func() bool { return sent("client-auth 1 2")+sent("client-auth-nt 1 2") == 1 })
	f.send(r, ovpn.Reauth{CID: 1, KID: 3, Env: with("t1", ovpn.SessionInitial)})
	eventually(t, "without it the client signs in again", func() bool { return sent(`client-kill 1 "RESTART,[P]Your client signs in again.`) == 1 })
	f.send(r, ovpn.Disconnect{CID: 1})
	if s, _ := f.ep.sessions.ByClient(session.Client{Instance: r.instance, CID: 1}); s.Connection == id {
		t.Error("the client is not away")
	}
	f.send(r, ovpn.Connect{CID: 2, KID: 1, Env: with("t2", ovpn.SessionInitial)})
	if p := f.pendingOf(r, 2); p == nil || p.request.Continues != "" || p.request.Returns {
		t.Errorf("another program with the certificate waits as %+v", p)
	}
	f.send(r, ovpn.Connect{CID: 3, KID: 1, Env: with("t1", ovpn.SessionAuthenticatedEmptyUser)})
	eventually(t, "the client returns with its token", func() bool { return sent("client-auth 3 1") == 1 })
	if s, ok := f.ep.sessions.ByClient(session.Client{Instance: r.instance, CID: 3}); !ok || s.Connection != id {
		t.Errorf("it has the connection %s, want %s", s.Connection, id)
	}
}

func base64Of(s string) vpn.Secret { return vpn.Secret(base64.StdEncoding.EncodeToString([]byte(s))) }

// The stream tells that the client of a pended login has left, and awaits the pended logins of an earlier process before it
// says that it has had all.
func TestStreamTellsThatClientLeft(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-77777777777777911", "10.58.0.0/22")
	r := f.runs[0]
	pended := func(cid ovpn.CID) string {
		id := f.browserLogin(t, r, cid, "192.0.2.1")
		if err := f.Pend(t.Context(), []vpn.LoginPending{f.pendingFor(id, time.Minute)}); err != nil {
			t.Fatal(err)
		}
		return id
	}
	left, stays := pended(1), pended(2)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	next, stop := iter.Pull(f.Logins(ctx))
	defer stop()
	for n, ok := next(); !n.All; n, ok = next() {
		if !ok || n.ID != left && n.ID != stays {
			t.Fatalf("the stream has %+v", n)
		}
	}
	f.send(r, ovpn.Disconnect{CID: 1})
	if n, _ := next(); !n.Gone || n.ID != left {
		t.Errorf("its client left, and the stream has %+v", n)
	}
	f.Engine.logins.Expect("former")
	f.inOwn(func() {
		f.ep.state.left[session.Client{Instance: r.instance, CID: 9}] = pendedLogin{Request: vpn.LoginRequest{ID: "former"}}
	})
	f.send(r, worker.Resumed{Status: ovpn.Status{Clients: []ovpn.StatusClient{{CID: 2}}}})
	if n, _ := next(); !n.Gone || n.ID != "former" {
		t.Errorf("the client of an earlier process left, and the stream has %+v", n)
	}
}
