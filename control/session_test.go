package control_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

func (h *house) signIn(name, pass, source string) (control.SignedIn, error) {
	return h.SignIn(h.t.Context(), control.SignInRequest{Username: name, Password: pass, Source: source})
}

func (h *house) signedIn(name string) string {
	h.t.Helper()
	in, err := h.signIn(name, password, "192.0.2.1")
	h.must(err)
	return in.Token
}

func (h *house) wantSession(what, token string, want bool) {
	h.t.Helper()
	_, _, err := h.Authenticate(h.t.Context(), token, true)
	switch {
	case want && err != nil:
		h.t.Errorf("%s: the session is over: %v", what, err)
	case !want:
		h.wantKind(what, err, vpn.Denied, "Sign in first")
	}
}

// A session has a new identifier at each sign-in, of which only the hash is stored; the browser's
// old one ends.
func TestSignIn(t *testing.T) {
	t.Parallel()
	h := staffed(t)
	first, err := h.signIn(" BOSS ", password, "192.0.2.1")
	h.must(err)
	admin, session, err := h.Authenticate(t.Context(), first.Token, true)
	h.must(err)
	if admin.ID != vpn.AdministratorID(h.boss.ID) || session.Administrator != vpn.AdministratorID(h.boss.ID) || session.Source != "192.0.2.1" || session.Audience != control.AudienceConsole {
		t.Errorf("got %+v, %+v", admin, session)
	}
	if strings.Contains(h.rows(), first.Token) {
		t.Error("the identifier itself is stored")
	}
	if r := h.lastAudit(); r.Action != "SignIn" || r.Actor != "boss" || r.Result != "ok" || r.Subject != string(h.boss.ID) {
		t.Errorf("audit %+v", r)
	}
	second, err := h.SignIn(t.Context(), control.SignInRequest{Username: "boss", Password: password, OldToken: first.Token})
	h.must(err)
	if second.Token == first.Token {
		t.Error("the identifier is the same after a new sign-in")
	}
	h.wantSession("the old one", first.Token, false)
	h.wantSession("the new one", second.Token, true)
	for _, forged := range []string{"", "x", second.Token + "x", strings.ToUpper(second.Token), session.Hash} {
		h.wantSession("forged "+forged, forged, false)
	}
}

// Idle and absolute limits, and nothing else, end a session by themselves.
func TestSessionLimits(t *testing.T) {
	t.Parallel()
	h := staffed(t)
	idle, busy := h.signedIn("boss"), h.signedIn("boss")
	for passed := time.Duration(0); passed < limits.Absolute; passed += 30 * time.Minute {
		h.wantSession(fmt.Sprintf("busy after %s", passed), busy, true)
		h.clock.pass(30 * time.Minute)
	}
	h.wantSession("busy at its limit", busy, true)
	h.clock.pass(time.Second)
	h.wantSession("busy beyond it", busy, false)
	h.wantSession("idle", idle, false)

	token := h.signedIn("boss")
	h.clock.pass(limits.Idle)
	h.wantSession("at the idle limit", token, true) // which is a request, too
	h.clock.pass(limits.Idle + time.Second)
	h.wantSession("beyond the idle limit", token, false)

	// What a page asks by itself is answered, and does not count as somebody being there.
	token = h.signedIn("boss")
	for range 2 {
		h.clock.pass(limits.Idle / 2)
		if _, _, err := h.Authenticate(t.Context(), token, false); err != nil {
			t.Errorf("a page that renews itself: %v", err)
		}
	}
	h.clock.pass(time.Second)
	h.wantSession("nobody was there", token, false)
}

// Signing out ends this session, not the account's others; doing it again is nothing to record.
func TestSignOut(t *testing.T) {
	t.Parallel()
	h := staffed(t)
	one, two := h.signedIn("boss"), h.signedIn("boss")
	h.must(h.SignOut(t.Context(), h.boss, one))
	h.wantSession("signed out", one, false)
	h.wantSession("the other", two, true)
	if r := h.lastAudit(); r.Action != "SignOut" || r.Actor != "boss" {
		t.Errorf("audit %+v", r)
	}
	before := h.rows()
	h.must(h.SignOut(t.Context(), h.boss, one))
	h.must(h.SignOut(t.Context(), control.Principal{}, ""))
	if h.rows() != before {
		t.Error("signing out again changed something")
	}
}

// A portal's session never acts on the console.
func TestAudience(t *testing.T) {
	t.Parallel()
	h := staffed(t)
	token := h.signedIn("boss")
	if _, err := h.raw.ExecContext(t.Context(), "UPDATE session SET audience = 'portal'"); err != nil {
		t.Fatal(err)
	}
	h.wantSession("portal", token, false)
}

// Disabling an account ends its sessions; so does a reset. Signing in again needs it enabled and
// the new password.
func TestSessionsEndWithTheAccount(t *testing.T) {
	t.Parallel()
	h := staffed(t)
	ctx := t.Context()
	token := h.signedIn("reader")
	_, err := h.EditAdministrator(ctx, h.boss, vpn.AdministratorID(h.reader.ID), control.AdministratorEdit{Version: h.version("reader"), Role: vpn.RoleReadOnly, Disabled: true})
	h.must(err)
	h.wantSession("disabled", token, false)
	_, err = h.signIn("reader", password, "192.0.2.1")
	h.wantKind("sign-in of a disabled account", err, vpn.Denied, "The user name or the password is wrong, or the account is disabled.")
	if r := h.lastAudit(); r.Action != "SignIn" || r.Actor != "reader" || r.Result != "refused" {
		t.Errorf("audit %+v", r)
	}
	_, err = h.EditAdministrator(ctx, h.boss, vpn.AdministratorID(h.reader.ID), control.AdministratorEdit{Version: h.version("reader"), Role: vpn.RoleReadOnly})
	h.must(err)
	h.wantSession("enabled again", token, false)

	token = h.signedIn("reader")
	// Disabled behind the use cases' back: the next request notices.
	if _, err := h.raw.ExecContext(ctx, "UPDATE administrator SET disabled = 1 WHERE username = 'reader'"); err != nil {
		t.Fatal(err)
	}
	h.wantSession("disabled in the database", token, false)
	if _, err := h.raw.ExecContext(ctx, "UPDATE administrator SET disabled = 0 WHERE username = 'reader'"); err != nil {
		t.Fatal(err)
	}

	token = h.signedIn("reader")
	h.must(h.ResetPassword(ctx, h.boss, vpn.AdministratorID(h.reader.ID), "another good one", "another good one"))
	h.wantSession("reset", token, false)
	_, err = h.signIn("reader", password, "192.0.2.1")
	h.wantKind("the old password", err, vpn.Denied, "wrong")
	_, err = h.signIn("reader", "another good one", "192.0.2.1")
	h.must(err)
}

func (h *house) version(name string) int {
	h.t.Helper()
	var a vpn.Administrator
	h.must(h.db.View(h.t.Context(), func(tx *store.Tx) (err error) { a, err = tx.AdministratorByUsername(h.t.Context(), name); return err }))
	return a.Version
}

// One's own password needs the present one, ends the other sessions and keeps this one; a
// read-only account may do it as well.
func TestChangeOwnPassword(t *testing.T) {
	t.Parallel()
	h := staffed(t)
	ctx := t.Context()
	here, there, others := h.signedIn("reader"), h.signedIn("reader"), h.signedIn("boss")
	err := h.ChangeOwnPassword(ctx, h.reader, here, "not it at all", "another good one", "another good one")
	if vpn.FieldsOf(err)["current"] == "" {
		t.Errorf("wrong present password: %v", err)
	}
	h.wantSession("the other", there, true)
	before := h.rows()
	err = h.ChangeOwnPassword(ctx, h.reader, here, password, "short", "short")
	if vpn.FieldsOf(err)["password"] == "" {
		t.Errorf("short password: %v", err)
	}
	if h.rows() != before {
		t.Error("refusals changed something")
	}
	h.must(h.ChangeOwnPassword(ctx, h.reader, here, password, "another good one", "another good one"))
	h.wantSession("this one", here, true)
	h.wantSession("the other", there, false)
	h.wantSession("somebody else's", others, true)
	if r := h.lastAudit(); r.Action != "ChangePassword" || r.Actor != "reader" || strings.Contains(r.Before+r.After, "argon") {
		t.Errorf("audit %+v", r)
	}
	// With another account's cookie nothing of that account is touched.
	h.must(h.ChangeOwnPassword(ctx, h.reader, others, "another good one", password, password))
	h.wantSession("somebody else's", others, true)
	h.wantKind("a stranger", h.ChangeOwnPassword(ctx, control.Principal{}, "", "x", password, password), vpn.Denied, "Sign in first")
}

// The present password cannot be guessed at will from a stolen session.
func TestOwnPasswordIsThrottled(t *testing.T) {
	t.Parallel()
	h := staffed(t)
	var err error
	for range 6 {
		err = h.ChangeOwnPassword(t.Context(), h.reader, "", "wrong wrong wrong", "another good one", "another good one")
	}
	h.wantKind("the sixth guess", err, vpn.Throttled, "Too many attempts")
	if r := h.lastAudit(); r.Action != "ChangePassword" || r.Actor != "reader" || !strings.Contains(r.Result, "not your present password") {
		t.Errorf("the guesses are not on record: %+v", r)
	}
}

// Whoever sits at somebody's browser for a moment cannot take the account over.
func TestNobodyResetsTheirOwnPassword(t *testing.T) {
	t.Parallel()
	h := staffed(t)
	err := h.ResetPassword(t.Context(), h.boss, vpn.AdministratorID(h.boss.ID), "another good one", "another good one")
	h.wantKind("one's own", err, vpn.Conflict, "Your account")
	if _, err := h.signIn("boss", password, "192.0.2.1"); err != nil {
		t.Errorf("the password changed: %v", err)
	}
}

// Whoever administers cannot lose the right by their own hand, and one who can sign in remains.
func TestLastAdministrator(t *testing.T) {
	t.Parallel()
	h := staffed(t)
	ctx := t.Context()
	edit := func(by control.Principal, of string, role vpn.Role, disabled bool) error {
		var a vpn.Administrator
		h.must(h.db.View(ctx, func(tx *store.Tx) (err error) { a, err = tx.AdministratorByUsername(ctx, of); return err }))
		_, err := h.EditAdministrator(ctx, by, a.ID, control.AdministratorEdit{Version: a.Version, Role: role, Disabled: disabled})
		return err
	}
	second := h.account("second", vpn.RoleAdministrator)
	for what, err := range map[string]error{
		"disables oneself":  edit(h.boss, "boss", vpn.RoleAdministrator, true),
		"takes own role":    edit(h.boss, "boss", vpn.RoleReadOnly, false),
		"no role":           edit(h.boss, "reader", "", false),
		"a role of its own": edit(h.boss, "reader", "root", false),
	} {
		if vpn.FieldsOf(err)["role"] == "" {
			t.Errorf("%s: got %v", what, err)
		}
	}
	h.must(edit(h.boss, "second", vpn.RoleAdministrator, true))
	// "second" acts although it was disabled meanwhile, as in a race: boss is the last one now.
	err := edit(second, "boss", vpn.RoleAdministrator, true)
	if !strings.Contains(vpn.FieldsOf(err)["role"], "last administrator") {
		t.Errorf("disabling the last one: %v", err)
	}
	err = edit(second, "boss", vpn.RoleReadOnly, false)
	if !strings.Contains(vpn.FieldsOf(err)["role"], "last administrator") {
		t.Errorf("demoting the last one: %v", err)
	}
	h.must(edit(h.boss, "second", vpn.RoleReadOnly, true))
	h.must(edit(h.boss, "reader", vpn.RoleAdministrator, false))
	h.must(edit(h.boss, "reader", vpn.RoleReadOnly, false))
	_, err = h.EditAdministrator(ctx, h.boss, vpn.AdministratorID(h.reader.ID), control.AdministratorEdit{Version: 1, Role: vpn.RoleReadOnly})
	h.wantKind("an old form", err, vpn.Stale, "Another administrator changed this account")
}

// The command line lets somebody in again: any case of the name, also disabled, other sessions ended.
func TestResetByName(t *testing.T) {
	t.Parallel()
	h := staffed(t)
	token := h.signedIn("reader")
	_, err := h.EditAdministrator(t.Context(), h.boss, vpn.AdministratorID(h.reader.ID), control.AdministratorEdit{Version: h.version("reader"), Role: vpn.RoleReadOnly, Disabled: true})
	h.must(err)
	h.must(h.ResetPasswordByName(t.Context(), " Reader ", "another good one"))
	h.wantSession("the old session", token, false)
	_, err = h.signIn("reader", "another good one", "192.0.2.1")
	h.must(err)
	h.wantKind("nobody", h.ResetPasswordByName(t.Context(), "nobody", "another good one"), vpn.NotFound, "")
	if err := h.ResetPasswordByName(t.Context(), "reader", "short"); vpn.FieldsOf(err)["password"] == "" {
		t.Errorf("short: %v", err)
	}
}

// Five attempts at an account from one address, twenty from an address; a stranger elsewhere
// never keeps the administrator out. Unknown accounts get the same answers at the same time.
func TestThrottle(t *testing.T) {
	t.Parallel()
	h := staffed(t)
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
	_, err := h.signIn("boss", password, stranger)
	h.wantKind("even the right one", err, vpn.Throttled, "Wait 30 seconds")
	if _, err := h.signIn("boss", password, "192.0.2.1"); err != nil {
		t.Errorf("the administrator is locked out from elsewhere: %v", err)
	}
	h.clock.pass(30 * time.Second)
	if _, err := h.signIn("boss", password, stranger); err != nil {
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
	h := staffed(t)
	for i := range 20 {
		name := fmt.Sprintf("reader%d", i)
		h.account(name, vpn.RoleReadOnly) // known ones, whose check is cheap here
		if _, err := h.signIn(name, "wrong wrong wrong", "203.0.113.9"); vpn.KindOf(err) != vpn.Denied {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	_, err := h.signIn("boss", password, "203.0.113.9")
	h.wantKind("the twenty-first", err, vpn.Throttled, "Wait 5 seconds")
}

// An address that makes up one name after the other, however many, stays slowed down.
func TestThrottleIsNotFloodedAway(t *testing.T) {
	t.Parallel()
	h := staffed(t)
	const stranger = "203.0.113.9"
	for range 6 {
		_, _ = h.signIn("boss", "wrong wrong wrong", stranger)
	}
	for i := range 14 {
		name := fmt.Sprintf("reader%d", i)
		h.account(name, vpn.RoleReadOnly) // known ones, whose check is cheap here
		_, _ = h.signIn(name, "wrong wrong wrong", stranger)
	}
	for i := range 25000 { // more than are remembered
		if _, err := h.signIn(fmt.Sprintf("name%d", i), "wrong wrong wrong", stranger); vpn.KindOf(err) != vpn.Throttled {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	_, err := h.signIn("boss", password, stranger)
	h.wantKind("after the flood", err, vpn.Throttled, "Wait")
}

// All addresses of one IPv6 network are one stranger; IPv4 addresses are one each.
func TestThrottleOfANetwork(t *testing.T) {
	t.Parallel()
	h := staffed(t)
	for i := range 5 {
		if _, err := h.signIn("boss", "wrong wrong wrong", fmt.Sprintf("2001:db8:1:2::%x", i)); vpn.KindOf(err) != vpn.Denied {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	_, err := h.signIn("boss", password, "2001:db8:1:2:ffff::1")
	h.wantKind("the same network", err, vpn.Throttled, "Wait")
	for _, other := range []string{"2001:db8:1:3::1", "::ffff:203.0.113.9", "203.0.113.10"} {
		if _, err := h.signIn("boss", password, other); err != nil {
			t.Errorf("from %s: %v", other, err)
		}
	}
}

// A failed sign-in is on record under the account's name where there is one; other names may be
// passwords in the wrong field and are left out.
func TestFailedSignInIsAudited(t *testing.T) {
	t.Parallel()
	h := staffed(t)
	_, _ = h.signIn("boss", "wrong wrong wrong", "203.0.113.9")
	if r := h.lastAudit(); r.Action != "SignIn" || r.Actor != "boss" || r.Result != "refused" || r.Source != "203.0.113.9" {
		t.Errorf("audit %+v", r)
	}
	_, _ = h.signIn("hunter2hunter2", "boss", "203.0.113.9")
	if r := h.lastAudit(); r.Actor != "unknown" || strings.Contains(h.rows(), "hunter2") {
		t.Errorf("audit %+v", r)
	}
	before := h.rows()
	_, err := h.signIn(strings.Repeat("x", 10000), "x", "203.0.113.9")
	h.wantKind("a long name", err, vpn.Denied, "wrong")
	_, err = h.signIn("boss", strings.Repeat("x", 10000), "203.0.113.9")
	h.wantKind("a long password", err, vpn.Denied, "wrong")
	if h.rows() != before {
		t.Error("oversized input was stored")
	}
}

// Messages are shown once, in order.
func TestFlash(t *testing.T) {
	t.Parallel()
	h := staffed(t)
	ctx, token := t.Context(), h.signedIn("boss")
	h.must(h.Flash(ctx, token, control.FlashMessage{Kind: "success", Text: "One <b>."}))
	h.must(h.Flash(ctx, token, control.FlashMessage{Kind: "danger", Text: "Two."}))
	got, err := h.TakeFlashes(ctx, token)
	if err != nil || len(got) != 2 || got[0].Text != "One <b>." || got[1].Kind != "danger" {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := h.TakeFlashes(ctx, token); err != nil || len(got) != 0 {
		t.Errorf("again: %v, %v", got, err)
	}
	h.wantKind("no session", h.Flash(ctx, "x", control.FlashMessage{}), vpn.NotFound, "ended")
}
