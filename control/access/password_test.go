package access_test

import (
	"strings"
	"testing"

	"sallyport/control"
	"sallyport/control/access"
	"sallyport/control/controltest"
	"sallyport/store"
	"sallyport/vpn"
)

// Bad input is refused with a sentence for its field, and changes nothing.
func TestPasswordIsRefused(t *testing.T) {
	t.Parallel()
	s := newKit(t)
	ctx := t.Context()
	for _, c := range []struct {
		what, field string
		run         func() error
	}{
		{"short password", "password", func() error {
			return s.Access.ResetPassword(ctx, s.Admin, vpn.AdministratorID(s.ReadOnly.ID), "short", "short")
		}},
		{"two passwords", "password_again", func() error {
			return s.Access.ResetPassword(ctx, s.Admin, vpn.AdministratorID(s.ReadOnly.ID), controltest.Password, controltest.Password+"!")
		}},
	} {
		s.WantBadInput(c.what, c.field, c.run)
	}
}

func (h *kit) version(name string) int {
	h.T.Helper()
	var a vpn.Administrator
	h.Must(h.Store.View(h.T.Context(), func(tx *store.Tx) (err error) { a, err = tx.AdministratorByUsername(h.T.Context(), name); return err }))
	return a.Version
}

// To change one's own password takes the present one, ends the other sessions and keeps this one. A
// read-only account may do it too.
func TestChangeOwnPassword(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	ctx := t.Context()
	here, there, others := h.SignedIn("reader"), h.SignedIn("reader"), h.SignedIn("admin")
	err := h.Access.ChangeOwnPassword(ctx, h.ReadOnly, here, "not it at all", "another good one", "another good one")
	if vpn.FieldsOf(err)["current"] == "" {
		t.Errorf("wrong present password: %v", err)
	}
	h.WantSession("the other", there, true)
	before := h.Rows()
	err = h.Access.ChangeOwnPassword(ctx, h.ReadOnly, here, controltest.Password, "short", "short")
	if vpn.FieldsOf(err)["password"] == "" {
		t.Errorf("short password: %v", err)
	}
	if h.Rows() != before {
		t.Error("refusals changed something")
	}
	h.Must(h.Access.ChangeOwnPassword(ctx, h.ReadOnly, here, controltest.Password, "another good one", "another good one"))
	h.WantSession("this one", here, true)
	h.WantSession("the other", there, false)
	h.WantSession("another account's", others, true)
	if r := h.LastAudit(); r.Action != "ChangePassword" || r.Actor != "reader" || strings.Contains(r.Before+r.After, "argon") {
		t.Errorf("audit %+v", r)
	}
	// The cookie of another account does not affect that account.
	h.Must(h.Access.ChangeOwnPassword(ctx, h.ReadOnly, others, "another good one", controltest.Password, controltest.Password))
	h.WantSession("another account's", others, true)
	h.WantKind("without a sign-in", h.Access.ChangeOwnPassword(ctx, control.Principal{}, "", "x", controltest.Password, controltest.Password), vpn.Denied, "Sign in first")
}

// A stolen session allows only few guesses of the present password.
func TestOwnPasswordIsThrottled(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	var err error
	for range 6 {
		err = h.Access.ChangeOwnPassword(t.Context(), h.ReadOnly, "", "wrong wrong wrong", "another good one", "another good one")
	}
	h.WantKind("the sixth guess", err, vpn.Throttled, "Too many attempts")
	if r := h.LastAudit(); r.Action != "ChangePassword" || r.Actor != "reader" || !strings.Contains(r.Result, "not your present password") {
		t.Errorf("the guesses are not on record: %+v", r)
	}
}

// A browser that is left unattended for a moment does not give the account away.
func TestOwnPasswordIsNotReset(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	err := h.Access.ResetPassword(t.Context(), h.Admin, vpn.AdministratorID(h.Admin.ID), "another good one", "another good one")
	h.WantKind("one's own", err, vpn.Conflict, "Your account")
	if _, err := h.signIn("admin", controltest.Password, "192.0.2.1"); err != nil {
		t.Errorf("the password changed: %v", err)
	}
}

// The command line resets a password by name, in any case, also of a disabled account, and ends its sessions.
func TestResetByName(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	token := h.SignedIn("reader")
	_, err := h.Access.EditAdministrator(t.Context(), h.Admin, vpn.AdministratorID(h.ReadOnly.ID), access.AdministratorEdit{Version: h.version("reader"), Role: vpn.RoleReadOnly, Disabled: true})
	h.Must(err)
	h.Must(h.Access.ResetPasswordByName(t.Context(), " Reader ", "another good one"))
	h.WantSession("the old session", token, false)
	_, err = h.signIn("reader", "another good one", "192.0.2.1")
	h.Must(err)
	h.WantKind("nobody", h.Access.ResetPasswordByName(t.Context(), "nobody", "another good one"), vpn.NotFound, "")
	if err := h.Access.ResetPasswordByName(t.Context(), "reader", "short"); vpn.FieldsOf(err)["password"] == "" {
		t.Errorf("short: %v", err)
	}
}
