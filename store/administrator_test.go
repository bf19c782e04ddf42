package store

import (
	"context"
	"testing"
	"time"

	"sallyport/vpn"
)

func newAdministrator(name string) vpn.Administrator {
	return vpn.Administrator{
		ID: vpn.NewAdministratorID(), Username: name, Role: vpn.RoleAdministrator, PasswordHash: "$argon2id$" + vpn.Secret(name),
		CreatedAt: at, LastSignIn: at.Add(time.Hour), Version: 4,
	}
}

func testAdministrator(t *testing.T, s *Store) {
	ann, bob, off := newAdministrator("ann"), newAdministrator("b_b"), newAdministrator("off")
	bob.Role, bob.LastSignIn = vpn.RoleReadOnly, time.Time{}
	off.Disabled = true
	full(t, off)
	update(t, s, func(ctx context.Context, x *Tx) error {
		for _, a := range []vpn.Administrator{off, bob, ann} {
			if err := x.CreateAdministrator(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "by ID", must[vpn.Administrator](t)(x.Administrator(ctx, off.ID)), off)
		same(t, "by name", must[vpn.Administrator](t)(x.AdministratorByUsername(ctx, "b_b")), bob)
		_, err := x.Administrator(ctx, "admin-none")
		wantKind(t, "no such ID", err, vpn.NotFound)
		_, err = x.AdministratorByUsername(ctx, "bob\x00\xff")
		wantKind(t, "no such name", err, vpn.NotFound)
		for role, want := range map[vpn.Role]int{"": 3, vpn.RoleAdministrator: 1, vpn.RoleReadOnly: 1} {
			if got := must[int](t)(x.CountAdministrators(ctx, role)); got != want {
				t.Errorf("count of %q: got %d, want %d", role, got, want)
			}
		}
		for _, c := range []struct {
			l    vpn.List
			want []vpn.Administrator
		}{
			{vpn.List{}, []vpn.Administrator{ann, bob, off}},
			{vpn.List{Sort: "last_sign_in", Size: 1}, []vpn.Administrator{bob}},
			{vpn.List{Search: "_B"}, []vpn.Administrator{bob}},
		} {
			same(t, "administrators", must[vpn.Page[vpn.Administrator]](t)(x.Administrators(ctx, c.l)).Items, c.want)
		}
		return nil
	})
	again := newAdministrator("ann")
	wantKind(t, "same name", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateAdministrator(ctx, again) }), vpn.Conflict)
}

func testAdministratorLock(t *testing.T, s *Store) {
	ann, bob := newAdministrator("ann"), newAdministrator("bob")
	update(t, s, func(ctx context.Context, x *Tx) error {
		if err := x.CreateAdministrator(ctx, bob); err != nil {
			return err
		}
		return x.CreateAdministrator(ctx, ann)
	})
	save := func(a vpn.Administrator) error {
		return attempt(t, s, func(ctx context.Context, x *Tx) error { return x.SaveAdministrator(ctx, a) })
	}
	first, second := ann, ann
	first.Role, first.Disabled, first.PasswordHash, first.LastSignIn = vpn.RoleReadOnly, true, "new", at.Add(9*time.Hour)
	if err := save(first); err != nil {
		t.Fatal(err)
	}
	second.Username = "second"
	wantKind(t, "the one who comes late", save(second), vpn.Stale)
	first.Version++
	// A sign-in is no edit: a form that was opened before it is not stale.
	first.LastSignIn = at.Add(10 * time.Hour)
	update(t, s, func(ctx context.Context, x *Tx) error { return x.RecordSignIn(ctx, ann.ID, first.LastSignIn) })
	wantKind(t, "sign-in of an unknown account", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.RecordSignIn(ctx, "admin-none", at) }), vpn.NotFound)
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "saved", must[vpn.Administrator](t)(x.Administrator(ctx, ann.ID)), first)
		return nil
	})
	first.Username = "bob"
	wantKind(t, "taken name", save(first), vpn.Conflict)
	first.ID = "admin-none"
	wantKind(t, "missing", save(first), vpn.NotFound)
}

func testSession(t *testing.T, s *Store) {
	ann, bob := newAdministrator("ann"), newAdministrator("bob")
	session := func(hash string, who vpn.AdministratorID, created, seen time.Time) vpn.WebSession {
		return vpn.WebSession{Hash: hash, Audience: "console", Administrator: who, CreatedAt: created, SeenAt: seen, Source: "192.0.2.1", Flash: `["x"]`}
	}
	a1, a2 := session("a1", ann.ID, at, at.Add(time.Minute)), session("a2", ann.ID, at, at.Add(time.Hour))
	b1, b2 := session("b1", bob.ID, at.Add(-time.Hour), at.Add(time.Hour)), session("b2", bob.ID, at, at.Add(time.Hour))
	full(t, a1)
	update(t, s, func(ctx context.Context, x *Tx) error {
		for _, err := range []error{
			x.CreateAdministrator(ctx, ann), x.CreateAdministrator(ctx, bob),
			x.CreateSession(ctx, a1), x.CreateSession(ctx, a2), x.CreateSession(ctx, b1), x.CreateSession(ctx, b2),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	update(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "session", must[vpn.WebSession](t)(x.Session(ctx, "a1")), a1)
		a2.SeenAt, a2.Flash = at.Add(2*time.Hour), ""
		for _, err := range []error{x.TouchSession(ctx, "a2", a2.SeenAt), x.SaveSessionFlash(ctx, "a2", "")} {
			if err != nil {
				return err
			}
		}
		same(t, "touched", must[vpn.WebSession](t)(x.Session(ctx, "a2")), a2)
		_, err := x.Session(ctx, "\x00unknown-hash")
		wantKind(t, "missing", err, vpn.NotFound)
		if containsFold(err.Error(), "unknown-hash") {
			t.Errorf("the error repeats the cookie: %v", err)
		}
		wantKind(t, "touch missing", x.TouchSession(ctx, "none", at), vpn.NotFound)
		wantKind(t, "flash missing", x.SaveSessionFlash(ctx, "none", ""), vpn.NotFound)
		if got := must[int](t)(x.PurgeSessions(ctx, at.Add(2*time.Minute), at.Add(-time.Minute))); got != 2 { // a1 idle, b1 old
			t.Errorf("purged %d, want 2", got)
		}
		if got := must[int](t)(x.DeleteSessionsOf(ctx, ann.ID)); got != 1 {
			t.Errorf("deleted %d of ann, want 1", got)
		}
		if err := x.DeleteSession(ctx, "b2"); err != nil {
			return err
		}
		return x.DeleteSession(ctx, "b2")
	})
	orphan := session("c", "admin-none", at, at)
	wantKind(t, "of an unknown account", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateSession(ctx, orphan) }), vpn.Conflict)
}

func testSetupLink(t *testing.T, s *Store) {
	valid := func(hash string, now time.Time, want bool) {
		t.Helper()
		view(t, s, func(ctx context.Context, x *Tx) error {
			if got := must[bool](t)(x.SetupLinkValid(ctx, hash, now)); got != want {
				t.Errorf("%s at %v: got %v, want %v", hash, now, got, want)
			}
			return nil
		})
	}
	valid("one", at, false)
	for _, hash := range []string{"one", "two"} {
		update(t, s, func(ctx context.Context, x *Tx) error { return x.CreateSetupLink(ctx, hash, at.Add(time.Hour)) })
		valid(hash, at, true)
	}
	valid("one", at, false)
	valid("two", at.Add(time.Hour), false)
	update(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteSetupLinks(ctx) })
	valid("two", at, false)
}

func testAudit(t *testing.T, s *Store) {
	record := func(actor string, action vpn.Action, subject string, when time.Time) vpn.AuditRecord {
		return vpn.AuditRecord{
			At: when, Actor: actor, Source: "local", Request: "r-1", Action: action, Subject: subject,
			Before: `{"a":1}`, After: `{"a":2}`, Result: "ok",
		}
	}
	list := []vpn.AuditRecord{
		record("ann", "CreateEndpoint", "e1", at), record("ann", "DeleteEndpoint", "e1", at.Add(time.Hour)),
		record("bob", "CreateEndpoint", "e2", at.Add(time.Minute)), record("bob", "CreateEndpoint", "e3", at.Add(time.Minute)),
	}
	full(t, list[0], "ID")
	update(t, s, func(ctx context.Context, x *Tx) error {
		for _, r := range list {
			if err := x.Audit(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		for _, c := range []struct {
			l    vpn.List
			want []int
		}{
			{vpn.List{}, []int{1, 3, 2, 0}},
			{vpn.List{Sort: "at"}, []int{0, 2, 3, 1}},
			{vpn.List{Filter: map[string]string{"actor": "ann"}}, []int{1, 0}},
			{vpn.List{Filter: map[string]string{"action": "CreateEndpoint", "actor": "bob"}}, []int{3, 2}},
			{vpn.List{Filter: map[string]string{"subject": "e1"}, Size: 1, Page: 2}, []int{0}},
			{vpn.List{Search: "deleteend"}, []int{1}},
		} {
			got := must[vpn.Page[vpn.AuditRecord]](t)(x.AuditRecords(ctx, c.l)).Items
			if len(got) != len(c.want) {
				t.Fatalf("%+v: got %d records, want %d", c.l, len(got), len(c.want))
			}
			for i, n := range c.want {
				if got[i].ID == 0 {
					t.Error("a record has no number")
				}
				got[i].ID = 0
				same(t, "record", got[i], list[n])
			}
		}
		return nil
	})
}
