package dataplane

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

// A thousand clients with one certificate that are granted at the same time stay within its share, and
// another certificate is not concerned.
func TestShareOfACertificate(t *testing.T) {
	const crowd, limit = 1030, 5
	f := newFixture(t, "cvpn-endpoint-77777777777777780", "10.40.0.0/20")
	r := f.runs[0]
	login := func(cid ovpn.CID, serial string) {
		f.send(r, ovpn.Connect{CID: cid, Env: ovpn.NewEnv(map[string]string{
			"common_name": "alice", "session_id": fmt.Sprint("t", cid), "session_state": string(ovpn.SessionInitial),
			"untrusted_ip": "192.0.2.1", "untrusted_port": "5000", "tls_serial_0": serial, "tls_digest_sha256_0": "aa" + serial, "tls_digest_sha256_1": "cc",
		})})
	}
	for cid := range ovpn.CID(crowd) {
		login(cid, "17")
	}
	login(crowd, "18")
	share := vpn.Share{Limit: limit}
	grant := func(p *pending) vpn.LoginDecision {
		return vpn.LoginDecision{ID: p.request.ID, Allow: true, Connection: vpn.NewConnectionID(), Session: vpn.NewSessionID(),
			User: vpn.Identity{Name: "alice"}, Ends: f.now().Add(f.desired().SessionTimeout), Share: share}
	}
	batches := make([][]vpn.LoginDecision, 32)
	for cid := range ovpn.CID(crowd + 1) {
		i := int(cid) % len(batches)
		batches[i] = append(batches[i], grant(f.pendingOf(r, cid)))
	}
	var deciding sync.WaitGroup
	for _, batch := range batches {
		deciding.Go(func() { _ = f.Decide(t.Context(), batch) })
	}
	deciding.Wait()
	count := func(key string) int {
		return len(f.ep.sessions.Select(func(s *session.Session) bool { return s.Certificate == key }))
	}
	if got := count("17 alice"); got != limit {
		t.Errorf("%d connections of one certificate, want %d", got, limit)
	}
	if got := count("18 alice"); got != 1 {
		t.Errorf("%d connections of another certificate, want 1", got)
	}
	reported := 0
	for _, e := range f.events.Unacknowledged() {
		if e.Ended != nil && e.Ended.Code == vpn.CodeCertificateConnectionLimitExceeded && strings.Contains(e.Ended.Reason, "as many connections as are allowed (5)") {
			reported++
		}
	}
	if reported != crowd-limit {
		t.Errorf("%d refused logins are reported with their code, want %d", reported, crowd-limit)
	}

	// By setting, the oldest ends instead.
	share.EndOldest = true
	oldest := f.ep.sessions.Select(func(s *session.Session) bool { return s.Certificate == "17 alice" })[0]
	for _, s := range f.ep.sessions.Select(func(s *session.Session) bool { return s.Certificate == "17 alice" }) {
		if s.Began < oldest.Began {
			oldest = s
		}
	}
	login(crowd+1, "17")
	d := grant(f.pendingOf(r, crowd+1))
	if err := f.Decide(t.Context(), []vpn.LoginDecision{d}); err != nil {
		t.Fatal(err)
	}
	if f.has(oldest.Connection) || !f.has(d.Connection) || count("17 alice") != limit {
		t.Errorf("the oldest continues: %v, the new one: %v, of %d", f.has(oldest.Connection), f.has(d.Connection), count("17 alice"))
	}
	f.ep.releaseAddresses(true)
	f.check(t)
}

// The connections of one user of a directory count together, at whichever certificate, and another user's apart.
func TestShareOfAUser(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-77777777777777781", "10.40.0.0/20")
	r := f.runs[0]
	var ids [4]vpn.ConnectionID
	login := func(cid ovpn.CID, user string) error {
		ids[cid] = vpn.NewConnectionID()
		f.send(r, ovpn.Connect{CID: cid, Env: ovpn.NewEnv(map[string]string{
			"common_name": "shared", "session_id": fmt.Sprint("t", cid), "session_state": string(ovpn.SessionInitial),
			"untrusted_ip": "192.0.2.1", "untrusted_port": "5000", "tls_serial_0": "17", "tls_digest_sha256_0": "aa", "tls_digest_sha256_1": "cc",
		})})
		return f.Decide(t.Context(), []vpn.LoginDecision{{
			ID: f.pendingOf(r, cid).request.ID, Allow: true, Connection: ids[cid], Session: vpn.NewSessionID(),
			User: vpn.Identity{Provider: "d-1", Key: user, Name: user}, Ends: f.now().Add(f.desired().SessionTimeout), Share: vpn.Share{Limit: 2},
		}})
	}
	for cid, user := range []string{"alice", "alice", "alice", "bob"} {
		if err := login(ovpn.CID(cid), user); cid != 2 && err != nil || cid == 2 && vpn.CodeOf(err) != vpn.CodeUserConnectionLimitExceeded {
			t.Errorf("login %d of %s: %v", cid, user, err)
		}
	}
	for cid, has := range []bool{true, true, false, true} {
		if f.has(ids[cid]) != has {
			t.Errorf("login %d: want connected %v", cid, has)
		}
	}
	f.ep.releaseAddresses(true)
	f.check(t)
}
