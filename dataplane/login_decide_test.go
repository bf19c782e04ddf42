package dataplane

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// Of logins that are answered together each gets its own answer: a malformed decision, a login that no
// longer waits, a device that is gone and a denial do not affect the others.
func TestLoginsAnsweredTogether(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777c", "10.35.0.0/22")
	var ds []vpn.LoginDecision
	for cid, name := range []string{"alice", "malformed", "gone", "denied", "astray", "elsewhere", "bob"} {
		r := f.runs[cid%2]
		f.send(r, ovpn.Connect{CID: ovpn.CID(cid), Env: env(name, fmt.Sprint("t", cid), ovpn.SessionInitial)})
		p := f.pendingOf(r, ovpn.CID(cid))
		d := vpn.LoginDecision{
			ID: p.request.ID, Allow: true, Connection: vpn.NewConnectionID(), Session: vpn.NewSessionID(),
			User: vpn.Identity{Name: name}, Ends: f.now().Add(time.Hour),
		}
		switch name {
		case "malformed":
			d.User.Name = "a\nb"
		case "gone":
			d.ID = "unknown"
		case "denied":
			d.Allow, d.Reason = false, "No."
		case "astray":
			p.device = "sp-absent"
		case "elsewhere":
			p.device = "neta" // it exists, but belongs to no worker of this endpoint
		}
		ds = append(ds, d)
	}
	if err := f.Decide(t.Context(), ds); err == nil {
		t.Error("no error says what went wrong")
	}
	inTable := map[string]bool{}
	for _, s := range f.ep.sessions.Select(nil) {
		_, there := f.filter.table.Sessions()[s.Addr]
		inTable[s.User.Name] = there
	}
	if len(inTable) != 2 || !inTable["alice"] || !inTable["bob"] {
		t.Errorf("let in: %v, want alice and bob", inTable)
	}
	if reported := f.events.Ended(); len(reported) != 2 || !reported[ds[4].Connection] || !reported[ds[5].Connection] {
		t.Errorf("reported as ended: %v, want the two that were granted and not let in", reported)
	}
}

// A login that was granted and finds no free address is reported with its code and its sentence, and its
// client is told both.
func TestLoginWithoutFreeAddress(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.41.0.0/22")
	told := commandsTo(f.runs[0].conn)
	f.ep.sessions.AssignBlocks(nil)
	f.send(f.runs[0], ovpn.Connect{CID: 1, KID: 1, Env: env("alice", "t", ovpn.SessionInitial)})
	granted := vpn.LoginDecision{
		ID: f.pendingOf(f.runs[0], 1).request.ID, Allow: true, Connection: vpn.NewConnectionID(), Session: vpn.NewSessionID(),
		User: vpn.Identity{Name: "alice"}, Ends: f.now().Add(time.Hour),
	}
	if err := f.Decide(t.Context(), []vpn.LoginDecision{granted}); err == nil {
		t.Error("the login was carried out")
	}
	const sentence = "The VPN endpoint has no free client address. Ask your administrator."
	for _, e := range f.events.Unacknowledged() {
		if e.Ended != nil && e.Ended.Connection == granted.Connection && (e.Ended.Code != vpn.CodeAddressesExhausted || e.Ended.Reason != sentence) {
			t.Errorf("reported: %+v", *e.Ended)
		}
	}
	if !f.events.Ended()[granted.Connection] {
		t.Error("nothing is reported")
	}
	if n := told(`client-deny 1 1 "not admitted" "ClientVpnAddressesExhausted: ` + sentence + `"`); n != 1 {
		t.Errorf("the client was told %d times, want once", n)
	}
}

// A client whose login web cannot decide at the moment is told to try again by itself; a refusal is final.
func TestLoginThatIsRefusedForNow(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777d", "10.39.0.0/22")
	told := commandsTo(f.runs[0].conn)
	for cid, later := range []bool{false, true} {
		f.send(f.runs[0], ovpn.Connect{CID: ovpn.CID(cid), KID: 1, Env: env("alice", fmt.Sprint("t", cid), ovpn.SessionInitial)})
		p := f.pendingOf(f.runs[0], ovpn.CID(cid))
		if err := f.Decide(t.Context(), []vpn.LoginDecision{{ID: p.request.ID, Code: vpn.CodeLoginNotDecided, Reason: "The database is locked.", Later: later}}); err != nil {
			t.Fatal(err)
		}
	}
	old := ovpn.NewEnv(map[string]string{"common_name": "alice", "session_id": "t3", "session_state": string(ovpn.SessionInitial), "IV_PROTO": "30"}) // 2.5
	f.send(f.runs[0], ovpn.Connect{CID: 3, KID: 1, Env: old})
	if err := f.Decide(t.Context(), []vpn.LoginDecision{vpn.Deny(f.pendingOf(f.runs[0], 3).request.ID, vpn.Refuse(vpn.Unavailable, vpn.CodeLoginNotDecided, "Wait."))}); err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]int{
		`client-kill 3 "RESTART,[P]ClientVpnLoginNotDecided: Wait."`:                                            1,
		`client-deny 0 1 "denied" "ClientVpnLoginNotDecided: The database is locked."`:                          1,
		`client-deny 1 1 "denied for now" "TEMP[backoff 10]:ClientVpnLoginNotDecided: The database is locked."`: 1,
		`client-deny `: 2,
	} {
		if got := told(command); got != want {
			t.Errorf("%d commands begin with %s, want %d", got, command, want)
		}
	}
	// Web could not record what it could not decide.
	if got := refusedWith(f, vpn.CodeLoginNotDecided); got != 3 {
		t.Errorf("%d logins are reported as not decided, want 3", got)
	}
}

// refusedWith is the number of refused attempts that were reported with a code.
func refusedWith(f *fixture, code vpn.Code) (n int) {
	for _, e := range f.events.Unacknowledged() {
		if e.Refused != nil && e.Refused.Code == code {
			n++
		}
	}
	return n
}

// A client whose common name OpenVPN has altered is not let in under the name that is left of it.
func TestAlteredNameIsRefused(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-77777777777777801", "10.43.0.0/22")
	told := commandsTo(f.runs[0].conn)
	f.send(f.runs[0], ovpn.Connect{CID: 1, KID: 1, Env: ovpn.NewEnv(map[string]string{
		"common_name": "admin", "tls_id_0": `CN=admin\00.mallory`, "session_id": "t", "session_state": string(ovpn.SessionInitial), "untrusted_ip": "192.0.2.1", "untrusted_port": "5000",
	})})
	if f.pendingOf(f.runs[0], 1) != nil || refusedWith(f, vpn.CodeCommonNameInvalid) != 1 {
		t.Error("web is asked, or nothing is reported")
	}
	eventually(t, "the client is told why", func() bool {
		return told(`client-deny 1 1 "altered common name" "ClientCommonNameInvalid: Your certificate's subject or common name contains control characters`) == 1
	})
}

// A client with which OpenVPN agrees on no cipher after its login is no connection for a moment: its session ends
// with a code before OpenVPN reports it as established.
func TestCipherFailureIsNoConnection(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777f", "10.42.0.0/22")
	told := commandsTo(f.runs[0].conn)
	alice, bob := vpn.NewConnectionID(), vpn.NewConnectionID()
	for cid, id := range []vpn.ConnectionID{alice, bob} {
		if err := f.logIn(f.runs[0], ovpn.CID(cid), []string{"alice", "bob"}[cid], fmt.Sprint("t", cid), id); err != nil {
			t.Fatal(err)
		}
	}
	f.send(f.runs[0], ovpn.CipherFailure{CommonName: "alice", Peer: netip.MustParseAddrPort("192.0.2.1:5000")})
	for cid := range ovpn.CID(2) {
		f.send(f.runs[0], ovpn.Established{CID: cid, Env: env("", "", "")})
	}
	if f.has(alice) || !f.has(bob) {
		t.Errorf("alice is there: %v, bob: %v", f.has(alice), f.has(bob))
	}
	var codes []vpn.Code
	for _, e := range f.events.Unacknowledged() {
		switch {
		case e.Ended != nil && e.Ended.Connection == alice:
			codes = append(codes, e.Ended.Code)
		case e.Established != nil && e.Established.Connection == alice:
			t.Error("alice is reported as established")
		}
	}
	if !slices.Equal(codes, []vpn.Code{vpn.CodeCipherMismatch}) {
		t.Errorf("alice's ends have the codes %v", codes)
	}
	eventually(t, "alice's program is told why", func() bool {
		return told(`client-kill 0 "HALT,ClientCipherMismatch: Your program and this server have no data cipher in common.`) == 1
	})
	if n := told("client-kill "); n != 1 {
		t.Errorf("%d clients were told to end", n)
	}
}
