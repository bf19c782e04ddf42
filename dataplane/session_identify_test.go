package dataplane

import (
	"slices"
	"testing"

	"sallyport/dataplane/journal"
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

// A session has the groups of the newest revision that web has told, in the packet filter and in the journal, also while its
// client is away; what is older or about another user changes nothing.
func TestUserOfALiveSessionChanges(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-77777777777777782", "10.44.0.0/22")
	r := f.runs[0]
	f.send(r, ovpn.Connect{CID: 1, Env: env("alice", "tok", ovpn.SessionInitial)})
	was := vpn.Identity{Provider: "d-1", Key: "guid-1", Name: "alice", Groups: []string{"S-1", "S-2"}}
	id, err := f.grantAgain(t, r, 1, 0, func(d *vpn.LoginDecision) { d.User = was })
	if err != nil {
		t.Fatal(err)
	}
	f.send(r, ovpn.Established{CID: 1})
	s, _ := f.ep.sessions.Get(id)
	tell := func(change func(*vpn.Identity)) {
		t.Helper()
		u := was
		change(&u)
		if err := f.Identify(t.Context(), []vpn.SessionIdentity{{Session: s.Session, User: u}, {Session: vpn.NewSessionID(), User: u}}); err != nil {
			t.Fatal(err)
		}
	}
	wantGroups := func(what string, revision uint64, groups ...string) {
		t.Helper()
		now, _ := f.ep.sessions.Get(id)
		if now.User.Revision != revision || !slices.Equal(now.User.Groups, groups) {
			t.Errorf("%s: the session has %+v", what, now.User)
		}
		if inFilter, there := f.ep.filter.table.Sessions()[now.Addr]; there != !now.Away() || there && !slices.Equal(inFilter.Groups, groups) {
			t.Errorf("%s: the packet filter has %v, %v", what, inFilter.Groups, there)
		}
		for _, kept := range readJournal[session.Session](t.Context(), f.Engine, journal.Sessions) {
			if kept.Connection == id && (kept.User.Revision != revision || !slices.Equal(kept.User.Groups, groups)) {
				t.Errorf("%s: the journal has %+v", what, kept.User)
			}
		}
	}
	tell(func(u *vpn.Identity) { u.Groups, u.Revision = []string{"S-2"}, 2 })
	wantGroups("a group is gone", 2, "S-2")
	tell(func(u *vpn.Identity) { u.Revision = 1 })
	wantGroups("an older message", 2, "S-2")
	tell(func(u *vpn.Identity) { u.Key, u.Groups, u.Revision = "guid-2", []string{"S-9"}, 3 })
	wantGroups("another user", 2, "S-2")
	f.inOwn(func() { f.ep.leave(s) })
	tell(func(u *vpn.Identity) { u.Groups, u.Revision = []string{"S-3"}, 3 })
	wantGroups("away", 3, "S-3")
	for _, bad := range []vpn.SessionIdentity{{Session: "x", User: was}, {Session: s.Session}, {Session: s.Session, User: vpn.Identity{Name: "a", Groups: []string{"a\nb"}}}} {
		if err := f.Identify(t.Context(), []vpn.SessionIdentity{bad}); vpn.KindOf(err) != vpn.Invalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	f.check(t)
}
