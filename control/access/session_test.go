package access_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/control/access"
	"sallyport/control/controltest"
	"sallyport/store"
	"sallyport/vpn"
)

func (h *kit) signIn(name, pass, source string) (access.SignedIn, error) {
	return h.Access.SignIn(h.T.Context(), access.SignInRequest{Username: name, Password: pass, Source: source})
}

// A session has a new identifier at each sign-in, of which only the hash is stored; the browser's
// old one ends.
func TestSignIn(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	first, err := h.signIn(" BOSS ", controltest.Password, "192.0.2.1")
	h.Must(err)
	admin, session, err := h.Access.Authenticate(t.Context(), first.Token, true)
	h.Must(err)
	if admin.ID != vpn.AdministratorID(h.Admin.ID) || session.Administrator != vpn.AdministratorID(h.Admin.ID) || session.Source != "192.0.2.1" || session.Audience != access.AudienceConsole {
		t.Errorf("got %+v, %+v", admin, session)
	}
	if strings.Contains(h.Rows(), first.Token) {
		t.Error("the identifier itself is stored")
	}
	if r := h.LastAudit(); r.Action != "SignIn" || r.Actor != "boss" || r.Result != "ok" || r.Subject != string(h.Admin.ID) {
		t.Errorf("audit %+v", r)
	}
	second, err := h.Access.SignIn(t.Context(), access.SignInRequest{Username: "boss", Password: controltest.Password, OldToken: first.Token})
	h.Must(err)
	if second.Token == first.Token {
		t.Error("the identifier is the same after a new sign-in")
	}
	h.WantSession("the old one", first.Token, false)
	h.WantSession("the new one", second.Token, true)
	for _, forged := range []string{"", "x", second.Token + "x", strings.ToUpper(second.Token), session.Hash} {
		h.WantSession("forged "+forged, forged, false)
	}
}

// Idle and absolute limits, and nothing else, end a session by themselves.
func TestSessionLimits(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	idle, busy := h.SignedIn("boss"), h.SignedIn("boss")
	for passed := time.Duration(0); passed < controltest.Limits.Absolute; passed += 30 * time.Minute {
		h.WantSession(fmt.Sprintf("busy after %s", passed), busy, true)
		h.Clock.Pass(30 * time.Minute)
	}
	h.WantSession("busy at its limit", busy, true)
	h.Clock.Pass(time.Second)
	h.WantSession("busy beyond it", busy, false)
	h.WantSession("idle", idle, false)

	token := h.SignedIn("boss")
	h.Clock.Pass(controltest.Limits.Idle)
	h.WantSession("at the idle limit", token, true) // which is a request, too
	h.Clock.Pass(controltest.Limits.Idle + time.Second)
	h.WantSession("beyond the idle limit", token, false)

	// What a page asks by itself is answered, and does not count as somebody being there.
	token = h.SignedIn("boss")
	for range 2 {
		h.Clock.Pass(controltest.Limits.Idle / 2)
		if _, _, err := h.Access.Authenticate(t.Context(), token, false); err != nil {
			t.Errorf("a page that renews itself: %v", err)
		}
	}
	h.Clock.Pass(time.Second)
	h.WantSession("nobody was there", token, false)
}

// Signing out ends this session, not the account's others; doing it again is nothing to record.
func TestSignOut(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	one, two := h.SignedIn("boss"), h.SignedIn("boss")
	h.Must(h.Access.SignOut(t.Context(), h.Admin, one))
	h.WantSession("signed out", one, false)
	h.WantSession("the other", two, true)
	if r := h.LastAudit(); r.Action != "SignOut" || r.Actor != "boss" {
		t.Errorf("audit %+v", r)
	}
	before := h.Rows()
	h.Must(h.Access.SignOut(t.Context(), h.Admin, one))
	h.Must(h.Access.SignOut(t.Context(), control.Principal{}, ""))
	if h.Rows() != before {
		t.Error("signing out again changed something")
	}
}

// A portal's session never acts on the console.
func TestAudience(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	token := h.SignedIn("boss")
	if _, err := h.Raw.ExecContext(t.Context(), "UPDATE session SET audience = 'portal'"); err != nil {
		t.Fatal(err)
	}
	h.WantSession("portal", token, false)
}

// Disabling an account ends its sessions; so does a reset. Signing in again needs it enabled and
// the new password.
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
	// Disabled behind the use cases' back: the next request notices.
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

func (h *kit) version(name string) int {
	h.T.Helper()
	var a vpn.Administrator
	h.Must(h.Store.View(h.T.Context(), func(tx *store.Tx) (err error) { a, err = tx.AdministratorByUsername(h.T.Context(), name); return err }))
	return a.Version
}

// One's own controltest.Password needs the present one, ends the other sessions and keeps this one; a
// read-only account may do it as well.
func TestChangeOwnPassword(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	ctx := t.Context()
	here, there, others := h.SignedIn("reader"), h.SignedIn("reader"), h.SignedIn("boss")
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
	h.WantSession("somebody else's", others, true)
	if r := h.LastAudit(); r.Action != "ChangePassword" || r.Actor != "reader" || strings.Contains(r.Before+r.After, "argon") {
		t.Errorf("audit %+v", r)
	}
	// With another account's cookie nothing of that account is touched.
	h.Must(h.Access.ChangeOwnPassword(ctx, h.ReadOnly, others, "another good one", controltest.Password, controltest.Password))
	h.WantSession("somebody else's", others, true)
	h.WantKind("a stranger", h.Access.ChangeOwnPassword(ctx, control.Principal{}, "", "x", controltest.Password, controltest.Password), vpn.Denied, "Sign in first")
}

// The present controltest.Password cannot be guessed at will from a stolen session.
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

// Whoever sits at somebody's browser for a moment cannot take the account over.
func TestNobodyResetsTheirOwnPassword(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	err := h.Access.ResetPassword(t.Context(), h.Admin, vpn.AdministratorID(h.Admin.ID), "another good one", "another good one")
	h.WantKind("one's own", err, vpn.Conflict, "Your account")
	if _, err := h.signIn("boss", controltest.Password, "192.0.2.1"); err != nil {
		t.Errorf("the password changed: %v", err)
	}
}

// Whoever administers cannot lose the right by their own hand, and one who can sign in remains.
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
		"disables oneself":  edit(h.Admin, "boss", vpn.RoleAdministrator, true),
		"takes own role":    edit(h.Admin, "boss", vpn.RoleReadOnly, false),
		"no role":           edit(h.Admin, "reader", "", false),
		"a role of its own": edit(h.Admin, "reader", "root", false),
	} {
		if vpn.FieldsOf(err)["role"] == "" {
			t.Errorf("%s: got %v", what, err)
		}
	}
	h.Must(edit(h.Admin, "second", vpn.RoleAdministrator, true))
	// "second" acts although it was disabled meanwhile, as in a race: boss is the last one now.
	err := edit(second, "boss", vpn.RoleAdministrator, true)
	if !strings.Contains(vpn.FieldsOf(err)["role"], "last administrator") {
		t.Errorf("disabling the last one: %v", err)
	}
	err = edit(second, "boss", vpn.RoleReadOnly, false)
	if !strings.Contains(vpn.FieldsOf(err)["role"], "last administrator") {
		t.Errorf("demoting the last one: %v", err)
	}
	h.Must(edit(h.Admin, "second", vpn.RoleReadOnly, true))
	h.Must(edit(h.Admin, "reader", vpn.RoleAdministrator, false))
	h.Must(edit(h.Admin, "reader", vpn.RoleReadOnly, false))
	_, err = h.Access.EditAdministrator(ctx, h.Admin, vpn.AdministratorID(h.ReadOnly.ID), access.AdministratorEdit{Version: 1, Role: vpn.RoleReadOnly})
	h.WantKind("an old form", err, vpn.Stale, "Another administrator changed this account")
}

// The command line lets somebody in again: any case of the name, also disabled, other sessions ended.
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

// Five attempts at an account from one address, twenty from an address; a stranger elsewhere
// never keeps the administrator out. Unknown accounts get the same answers at the same time.
func TestThrottle(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	const stranger = "203.0.113.9"
	for i := range 6 {
		_, known := h.signIn("boss", "wrong wrong wrong", stranger)
		_, unknown := h.signIn("nobody", "wrong wrong wrong", stranger)
		if known == nil || unknown == nil || known.Error() != unknown.Error() || vpn.KindOf(known) != vpn.KindOf(unknown) {
			t.Errorf("attempt %d: %v for a known account, %v for an unknown one", i, known, unknown)
		}
		if want := map[bool]vpn.Kind{true: vpn.Denied, false: vpn.Throttled}[i < 5]; vpn.KindOf(known) != want {
			t.Errorf("attempt %d: got %v, want %s", i, known, want)
		}
	}
	_, err := h.signIn("boss", controltest.Password, stranger)
	h.WantKind("even the right one", err, vpn.Throttled, "Wait 30 seconds")
	if _, err := h.signIn("boss", controltest.Password, "192.0.2.1"); err != nil {
		t.Errorf("the administrator is locked out from elsewhere: %v", err)
	}
	h.Clock.Pass(30 * time.Second)
	if _, err := h.signIn("boss", controltest.Password, stranger); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	// A success gives the attempts back.
	for i := range 4 {
		if _, err := h.signIn("boss", "wrong wrong wrong", stranger); vpn.KindOf(err) != vpn.Denied {
			t.Errorf("attempt %d after a success: %v", i, err)
		}
	}
}

// Many names from one address are slowed down as well.
func TestThrottleOfAnAddress(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	for i := range 20 {
		name := fmt.Sprintf("reader%d", i)
		h.Account(name, vpn.RoleReadOnly) // known ones, whose check is cheap here
		if _, err := h.signIn(name, "wrong wrong wrong", "203.0.113.9"); vpn.KindOf(err) != vpn.Denied {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	_, err := h.signIn("boss", controltest.Password, "203.0.113.9")
	h.WantKind("the twenty-first", err, vpn.Throttled, "Wait 5 seconds")
}

// An address that makes up one name after the other, however many, stays slowed down.
func TestThrottleIsNotFloodedAway(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	const stranger = "203.0.113.9"
	for range 6 {
		_, _ = h.signIn("boss", "wrong wrong wrong", stranger)
	}
	for i := range 14 {
		name := fmt.Sprintf("reader%d", i)
		h.Account(name, vpn.RoleReadOnly) // known ones, whose check is cheap here
		_, _ = h.signIn(name, "wrong wrong wrong", stranger)
	}
	for i := range 25000 { // more than are remembered
		if _, err := h.signIn(fmt.Sprintf("name%d", i), "wrong wrong wrong", stranger); vpn.KindOf(err) != vpn.Throttled {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	_, err := h.signIn("boss", controltest.Password, stranger)
	h.WantKind("after the flood", err, vpn.Throttled, "Wait")
}

// All addresses of one IPv6 network are one stranger; IPv4 addresses are one each.
func TestThrottleOfANetwork(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	for i := range 5 {
		if _, err := h.signIn("boss", "wrong wrong wrong", fmt.Sprintf("2001:db8:1:2::%x", i)); vpn.KindOf(err) != vpn.Denied {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	_, err := h.signIn("boss", controltest.Password, "2001:db8:1:2:ffff::1")
	h.WantKind("the same network", err, vpn.Throttled, "Wait")
	for _, other := range []string{"2001:db8:1:3::1", "::ffff:203.0.113.9", "203.0.113.10"} {
		if _, err := h.signIn("boss", controltest.Password, other); err != nil {
			t.Errorf("from %s: %v", other, err)
		}
	}
}

// A failed sign-in is on record under the account's name where there is one; other names may be
// passwords in the wrong field and are left out.
func TestFailedSignInIsAudited(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	_, _ = h.signIn("boss", "wrong wrong wrong", "203.0.113.9")
	if r := h.LastAudit(); r.Action != "SignIn" || r.Actor != "boss" || r.Result != "refused" || r.Source != "203.0.113.9" {
		t.Errorf("audit %+v", r)
	}
	_, _ = h.signIn("hunter2hunter2", "boss", "203.0.113.9")
	if r := h.LastAudit(); r.Actor != "unknown" || strings.Contains(h.Rows(), "hunter2") {
		t.Errorf("audit %+v", r)
	}
	before := h.Rows()
	_, err := h.signIn(strings.Repeat("x", 10000), "x", "203.0.113.9")
	h.WantKind("a long name", err, vpn.Denied, "wrong")
	_, err = h.signIn("boss", strings.Repeat("x", 10000), "203.0.113.9")
	h.WantKind("a long password", err, vpn.Denied, "wrong")
	if h.Rows() != before {
		t.Error("oversized input was stored")
	}
}

// Messages are shown once, in order.
func TestFlash(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	ctx, token := t.Context(), h.SignedIn("boss")
	h.Must(h.Access.Flash(ctx, token, access.FlashMessage{Kind: "success", Text: "One <b>."}))
	h.Must(h.Access.Flash(ctx, token, access.FlashMessage{Kind: "danger", Text: "Two."}))
	got, err := h.Access.TakeFlashes(ctx, token)
	if err != nil || len(got) != 2 || got[0].Text != "One <b>." || got[1].Kind != "danger" {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := h.Access.TakeFlashes(ctx, token); err != nil || len(got) != 0 {
		t.Errorf("again: %v, %v", got, err)
	}
	h.WantKind("no session", h.Access.Flash(ctx, "x", access.FlashMessage{}), vpn.NotFound, "ended")
}
