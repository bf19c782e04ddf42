package access_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"sallyport/control"
	"sallyport/control/access"
	"sallyport/control/controltest"
	"sallyport/store"
	"sallyport/vpn"
)

// Bad input is refused with a sentence for its field, and changes nothing.
func TestAccountIsRefused(t *testing.T) {
	t.Parallel()
	s := newKit(t)
	ctx := t.Context()
	for _, c := range []struct {
		what, field string
		run         func() error
	}{
		{"account with a bad name", "username", func() error {
			_, err := s.Access.AddAdministrator(ctx, s.Admin, access.AdministratorSpec{Username: "a b", Role: vpn.RoleReadOnly, Password: controltest.Password, Again: controltest.Password})
			return err
		}},
		{"account that exists", "username", func() error {
			_, err := s.Access.AddAdministrator(ctx, s.Admin, access.AdministratorSpec{Username: " READER ", Role: vpn.RoleReadOnly, Password: controltest.Password, Again: controltest.Password})
			return err
		}},
		{"account without a role", "role", func() error {
			_, err := s.Access.AddAdministrator(ctx, s.Admin, access.AdministratorSpec{Username: "x", Password: controltest.Password, Again: controltest.Password})
			return err
		}},
	} {
		s.WantBadInput(c.what, c.field, c.run)
	}
}

// Disabling an account or resetting its password ends its sessions. The next sign-in needs an enabled
// account and the new password.
func TestSessionsEndWithTheAccount(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	ctx := t.Context()
	token := h.SignedIn("reader")
	_, err := h.Access.EditAdministrator(ctx, h.Admin, vpn.AdministratorID(h.ReadOnly.ID), access.AdministratorEdit{Version: h.version("reader"), Role: vpn.RoleReadOnly, Disabled: true})
	h.Must(err)
	h.WantSession("disabled", token, false)
	_, err = h.signIn("reader", controltest.Password, "192.0.2.1")
	h.WantKind("sign-in of a disabled account", err, vpn.Denied, "The user name or the password is wrong, or the account is disabled.")
	if r := h.LastAudit(); r.Action != "SignIn" || r.Actor != "reader" || r.Result != "refused" {
		t.Errorf("audit %+v", r)
	}
	_, err = h.Access.EditAdministrator(ctx, h.Admin, vpn.AdministratorID(h.ReadOnly.ID), access.AdministratorEdit{Version: h.version("reader"), Role: vpn.RoleReadOnly})
	h.Must(err)
	h.WantSession("enabled again", token, false)

	token = h.SignedIn("reader")
	// Disabled by another program: the next request is refused.
	if _, err := h.Raw.ExecContext(ctx, "UPDATE administrator SET disabled = 1 WHERE username = 'reader'"); err != nil {
		t.Fatal(err)
	}
	h.WantSession("disabled in the database", token, false)
	if _, err := h.Raw.ExecContext(ctx, "UPDATE administrator SET disabled = 0 WHERE username = 'reader'"); err != nil {
		t.Fatal(err)
	}

	token = h.SignedIn("reader")
	h.Must(h.Access.ResetPassword(ctx, h.Admin, vpn.AdministratorID(h.ReadOnly.ID), "another good one", "another good one"))
	h.WantSession("reset", token, false)
	_, err = h.signIn("reader", controltest.Password, "192.0.2.1")
	h.WantKind("the old password", err, vpn.Denied, "wrong")
	_, err = h.signIn("reader", "another good one", "192.0.2.1")
	h.Must(err)
}

// An administrator cannot take their own rights away, and one administrator who can sign in remains.
func TestLastAdministrator(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	ctx := t.Context()
	edit := func(by control.Principal, of string, role vpn.Role, disabled bool) error {
		var a vpn.Administrator
		h.Must(h.Store.View(ctx, func(tx *store.Tx) (err error) { a, err = tx.AdministratorByUsername(ctx, of); return err }))
		_, err := h.Access.EditAdministrator(ctx, by, a.ID, access.AdministratorEdit{Version: a.Version, Role: role, Disabled: disabled})
		return err
	}
	second := h.Account("second", vpn.RoleAdministrator)
	for what, err := range map[string]error{
		"disables oneself":  edit(h.Admin, "admin", vpn.RoleAdministrator, true),
		"takes own role":    edit(h.Admin, "admin", vpn.RoleReadOnly, false),
		"no role":           edit(h.Admin, "reader", "", false),
		"a role of its own": edit(h.Admin, "reader", "root", false),
	} {
		if vpn.FieldsOf(err)["role"] == "" {
			t.Errorf("%s: got %v", what, err)
		}
	}
	h.Must(edit(h.Admin, "second", vpn.RoleAdministrator, true))
	h.WantKind("by an account that was disabled meanwhile", edit(second, "admin", vpn.RoleAdministrator, true), vpn.Denied, "your account was disabled")
	// The program may take rights away from any account, but not from the last administrator.
	err := edit(control.SystemPrincipal("test"), "admin", vpn.RoleAdministrator, true)
	if !strings.Contains(vpn.FieldsOf(err)["role"], "last administrator") {
		t.Errorf("disabling the last one: %v", err)
	}
	err = edit(control.SystemPrincipal("test"), "admin", vpn.RoleReadOnly, false)
	if !strings.Contains(vpn.FieldsOf(err)["role"], "last administrator") {
		t.Errorf("demoting the last one: %v", err)
	}
	h.Must(edit(h.Admin, "second", vpn.RoleReadOnly, true))
	h.Must(edit(h.Admin, "reader", vpn.RoleAdministrator, false))
	h.Must(edit(h.Admin, "reader", vpn.RoleReadOnly, false))
	_, err = h.Access.EditAdministrator(ctx, h.Admin, vpn.AdministratorID(h.ReadOnly.ID), access.AdministratorEdit{Version: 1, Role: vpn.RoleReadOnly})
	h.WantKind("an old form", err, vpn.Stale, "Another administrator changed this account")
}

// Of two administrators who demote each other at the same time, one remains one.
func TestAdministratorsDemoteEachOther(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	ctx := t.Context()
	for round := range 5 {
		other := h.Account(fmt.Sprint("other", round), vpn.RoleAdministrator)
		ids := []vpn.AdministratorID{vpn.AdministratorID(h.Admin.ID), vpn.AdministratorID(other.ID)}
		var demoting sync.WaitGroup
		for i, by := range []control.Principal{h.Admin, other} {
			demoting.Go(func() {
				var a vpn.Administrator
				_ = h.Store.View(ctx, func(tx *store.Tx) (err error) { a, err = tx.Administrator(ctx, ids[1-i]); return err })
				_, _ = h.Access.EditAdministrator(ctx, by, a.ID, access.AdministratorEdit{Version: a.Version, Role: vpn.RoleReadOnly})
			})
		}
		demoting.Wait()
		left := 0
		for _, id := range ids {
			h.Must(h.Store.View(ctx, func(tx *store.Tx) error {
				a, err := tx.Administrator(ctx, id)
				if a.Role == vpn.RoleAdministrator {
					left++
				}
				return err
			}))
		}
		if left != 1 {
			t.Fatalf("round %d: %d of the two are administrators, want one", round, left)
		}
		if a := h.Query("SELECT id FROM administrator WHERE username = 'admin' AND role = 'administrator'"); len(a) == 0 {
			return // the other one won
		}
	}
}
