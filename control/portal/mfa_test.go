package portal_test

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/control/identity"
	"sallyport/control/portal"
	"sallyport/vpn"
)

// newEnrolmentSite is a site whose directory asks for codes, and for enrolment codes.
func newEnrolmentSite(t *testing.T) *site {
	t.Helper()
	s := &site{Site: controltest.NewSite(t)}
	spec := controltest.DirectorySpec()
	spec.MFA, spec.EnrolmentCode = true, true
	s.d = s.AskAnswers(spec, false)
	for _, name := range []string{"alice", "bob"} {
		s.Directory.Put(password, vpn.ProviderUser{Key: "key-" + name, Name: name})
	}
	s.SetPortal(true)
	return s
}

// with signs a user in with a code.
func (s *site) with(name, code string) (portal.User, vpn.Secret, error) {
	s.T.Helper()
	in := s.request(name)
	in.Code = code
	token, err := s.Portal.SignIn(s.T.Context(), in)
	if err != nil {
		return portal.User{}, "", err
	}
	u, err := s.Portal.Authenticate(s.T.Context(), token, visitor("192.0.2.7"))
	s.Must(err)
	return u, token, nil
}

// mustWith is with for a sign-in that succeeds.
func (s *site) mustWith(name, code string) (portal.User, vpn.Secret) {
	s.T.Helper()
	u, token, err := s.with(name, code)
	s.Must(err)
	return u, token
}

func (s *site) mfa(u portal.User) portal.MFA {
	s.T.Helper()
	m, err := s.Portal.MFA(s.T.Context(), u)
	s.Must(err)
	return m
}

// enrolled has a user set up an authenticator.
func (s *site) enrolled(name string) (u portal.User, key vpn.Secret, recovery []vpn.Secret) {
	s.T.Helper()
	u, _ = s.mustWith(name, "")
	key = s.mfa(u).Key
	recovery, token, err := s.Portal.ConfirmMFA(s.T.Context(), u, vpn.TOTP(key, s.Clock.Now()))
	s.Must(err)
	u, err = s.Portal.Authenticate(s.T.Context(), token, visitor("192.0.2.7"))
	s.Must(err)
	s.Clock.Pass(time.Minute)
	return u, key, recovery
}

// A user without an authenticator reaches its page alone by the password, and the whole portal with the authenticator that was
// confirmed. No other session, of the same user either, has its key; the cookie changes, and other sessions end.
func TestFirstFactor(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	ctx := t.Context()
	alice, token := s.mustWith("alice", "")
	second, other := s.mustWith("alice", "123456")
	bob, _ := s.mustWith("bob", "")
	m := s.mfa(alice)
	if !alice.Session.ForMFA() || m.Key == "" || m.AsksCode || m.Device.ID != "" || s.mfa(second).Key == m.Key || s.mfa(bob).Key == m.Key {
		t.Fatalf("got %+v and %+v", alice.Session, m)
	}
	if _, err := s.Portal.Offers(ctx, alice); vpn.KindOf(err) != vpn.Denied {
		t.Errorf("the files: %v", err)
	}
	unlimited := alice
	unlimited.ForMFA = false // as a request that was checked before
	if _, err := s.Portal.Fetch(ctx, unlimited, s.Endpoint.ID, false); vpn.KindOf(err) != vpn.Denied {
		t.Errorf("a file: %v", err)
	}
	if _, err := s.Portal.RenewRecoveryCodes(ctx, alice, "123456"); vpn.KindOf(err) != vpn.Denied {
		t.Errorf("recovery codes: %v", err)
	}
	code := vpn.TOTP(m.Key, s.Clock.Now())
	if _, _, err := s.Portal.ConfirmMFA(ctx, second, code); vpn.FieldsOf(err)["code"] == "" {
		t.Errorf("the code of another session's key: %v", err)
	}
	mixed := bob
	mixed.Session.Digest = alice.Session.Digest // bob names alice's enrolment
	if _, _, err := s.Portal.ConfirmMFA(ctx, mixed, code); err == nil {
		t.Error("an authenticator of another user is confirmed")
	}
	recovery, fresh, err := s.Portal.ConfirmMFA(ctx, alice, code)
	s.Must(err)
	if len(recovery) != vpn.RecoveryCodes || fresh == token {
		t.Errorf("%d recovery codes; the cookie is new: %t", len(recovery), fresh != token)
	}
	s.wantEnded("the session of the enrolment", token)
	s.wantEnded("another session of the user", other)
	if _, _, err := s.Portal.ConfirmMFA(ctx, alice, code); err == nil {
		t.Error("confirmed twice")
	}
	if _, _, err := s.Portal.ConfirmMFA(ctx, second, vpn.TOTP(s.mfa2(second), s.Clock.Now())); err == nil {
		t.Error("a second authenticator is confirmed")
	}
	u, err := s.Portal.Authenticate(ctx, fresh, visitor("192.0.2.7"))
	s.Must(err)
	if m := s.mfa(u); m.Device.ID == "" || !m.Device.SelfEnrolled || m.Key != "" || m.Recovery.Left != vpn.RecoveryCodes {
		t.Errorf("got %+v", m)
	}
	_, err = s.Portal.Fetch(ctx, u, s.Endpoint.ID, false)
	s.Must(err)
	if _, _, err := s.with("alice", code); vpn.CodeOf(err) != vpn.CodeUserCredentials {
		t.Errorf("the code of the confirmation at a sign-in: %v", err)
	}
	if _, _, err := s.with("alice", ""); vpn.CodeOf(err) != vpn.CodeUserCredentials {
		t.Errorf("the password alone: %v", err)
	}
	if rows := s.Query("SELECT id FROM audit WHERE action = 'EnrolMFADevice' AND actor = 'alice'"); len(rows) != 1 {
		t.Errorf("audit: %v", s.Query("SELECT actor, action FROM audit"))
	}
	everything := s.Log.String() + strings.Join(s.Query("SELECT before || after || subject FROM audit"), " ") + strings.Join(s.Query("SELECT digest FROM recovery_code"), " ")
	for what, secret := range map[string]string{"key": m.Key.Reveal(), "recovery code": recovery[0].Reveal(), "bare recovery code": strings.ReplaceAll(recovery[0].Reveal(), "-", ""), "code": code, "password": password.Reveal()} {
		if strings.Contains(everything, secret) {
			t.Errorf("log, audit trail or database has the %s", what)
		}
	}
}

// mfa2 is the key of an enrolment whose session has ended: none.
func (s *site) mfa2(u portal.User) vpn.Secret { s.T.Helper(); return s.mfa(u).Key }

// forgotten is how long failed sign-ins are counted.
const forgotten = 11 * time.Minute

// Who has the password, or an open session, neither replaces an authenticator nor sees its key: a code or a recovery code of
// it is asked for at the change. The present one counts until the new one is confirmed.
func TestReplacement(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	ctx := t.Context()
	u, key, recovery := s.enrolled("alice")
	wrong := "000000"
	for slices.Contains([]string{vpn.TOTP(key, s.Clock.Now().Add(forgotten)), vpn.TOTP(key, s.Clock.Now().Add(forgotten-30*time.Second)), vpn.TOTP(key, s.Clock.Now().Add(forgotten+30*time.Second))}, wrong) {
		wrong = "111111"
	}
	for _, typed := range []string{"", wrong, "AAAA-AAAA-AAAA", strings.Repeat("9", 100)} {
		if err := s.Portal.BeginMFA(ctx, u, typed); vpn.FieldsOf(err)["code"] == "" {
			t.Errorf("with %q: %v", typed, err)
		}
		s.Clock.Pass(forgotten)
	}
	if m := s.mfa(u); m.Key != "" {
		t.Error("an enrolment is begun without a code")
	}
	code := vpn.TOTP(key, s.Clock.Now())
	s.Must(s.Portal.BeginMFA(ctx, u, code))
	first := s.mfa(u).Key
	if err := s.Portal.BeginMFA(ctx, u, code); vpn.FieldsOf(err)["code"] == "" {
		t.Errorf("with a used code: %v", err)
	}
	if first == "" || first == key || s.mfa(u).Key != first {
		t.Fatal("the key of the new authenticator is not shown")
	}
	s.Must(s.Portal.CancelMFA(ctx, u))
	if _, _, err := s.Portal.ConfirmMFA(ctx, u, vpn.TOTP(first, s.Clock.Now())); vpn.CodeOf(err) != vpn.CodeMFAEnrolmentOver {
		t.Errorf("cancelled: %v", err)
	}
	s.Clock.Pass(forgotten)
	s.Must(s.Portal.BeginMFA(ctx, u, vpn.TOTP(key, s.Clock.Now())))
	s.Clock.Pass(vpn.MFAEnrolmentLife)
	if _, _, err := s.Portal.ConfirmMFA(ctx, u, vpn.TOTP(first, s.Clock.Now())); vpn.CodeOf(err) != vpn.CodeMFAEnrolmentOver || s.mfa(u).Key != "" {
		t.Errorf("too late: %v", err)
	}
	_, elsewhere := s.mustWith("alice", vpn.TOTP(key, s.Clock.Now())) // the present one counts

	// By a recovery code, in lower case and without separators: at the sign-in, for the set-up alone.
	r, _ := s.mustWith("alice", strings.ToLower(strings.ReplaceAll(recovery[3].Reveal(), "-", "")))
	if r.Session.Purpose != vpn.ForAnotherFactor || s.mfa(r).Key == "" {
		t.Fatalf("got %+v", r.Session)
	}
	if _, err := s.Portal.Offers(ctx, r); vpn.KindOf(err) != vpn.Denied {
		t.Errorf("the files: %v", err)
	}
	if _, _, err := s.with("alice", recovery[3].Reveal()); vpn.CodeOf(err) != vpn.CodeUserCredentials {
		t.Errorf("a used recovery code: %v", err)
	}
	if m := s.mfa(u); m.Recovery.Left != 9 || m.Recovery.UsedAt.IsZero() {
		t.Errorf("got %+v", m.Recovery)
	}
	s.Clock.Pass(forgotten)
	next := s.mfa(r).Key
	_, _, err := s.Portal.ConfirmMFA(ctx, r, vpn.TOTP(key, s.Clock.Now()))
	if vpn.FieldsOf(err)["code"] == "" {
		t.Errorf("the code of the former authenticator: %v", err)
	}
	fresh, _, err := s.Portal.ConfirmMFA(ctx, r, vpn.TOTP(next, s.Clock.Now()))
	s.Must(err)
	s.wantEnded("a session in another browser", elsewhere)
	s.Clock.Pass(forgotten)
	for what, code := range map[string]string{"the former authenticator": vpn.TOTP(key, s.Clock.Now()), "a former recovery code": recovery[4].Reveal()} {
		if _, _, err := s.with("alice", code); vpn.CodeOf(err) != vpn.CodeUserCredentials {
			t.Errorf("%s: %v", what, err)
		}
		s.Clock.Pass(forgotten)
	}
	u, _ = s.mustWith("alice", vpn.TOTP(next, s.Clock.Now()))
	s.Clock.Pass(forgotten)

	// A new set of recovery codes needs a code of the authenticator; a recovery code does not do.
	if _, err := s.Portal.RenewRecoveryCodes(ctx, u, fresh[0].Reveal()); vpn.FieldsOf(err)["code"] == "" {
		t.Errorf("by a recovery code: %v", err)
	}
	s.Clock.Pass(forgotten)
	renewed, err := s.Portal.RenewRecoveryCodes(ctx, u, vpn.TOTP(next, s.Clock.Now()))
	s.Must(err)
	s.Clock.Pass(forgotten)
	if err := s.Portal.BeginMFA(ctx, u, fresh[0].Reveal()); vpn.FieldsOf(err)["code"] == "" {
		t.Errorf("of the set before: %v", err)
	}
	s.Clock.Pass(forgotten)
	s.Must(s.Portal.BeginMFA(ctx, u, renewed[0].Reveal()))
	for action, n := range map[vpn.Action]int{vpn.UseRecoveryCode: 2, vpn.ReplaceOwnFactor: 1, vpn.RenewRecoveryCodes: 1} {
		if rows := s.Query("SELECT id FROM audit WHERE action = '" + string(action) + "' AND actor = 'alice'"); len(rows) != n {
			t.Errorf("%s: %d records, want %d", action, len(rows), n)
		}
	}
}

// Recovery codes are guessed within the limit of codes, and open no VPN connection.
func TestRecoveryCodesAreGuessed(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	_, _, recovery := s.enrolled("alice")
	for range 60 {
		s.Clock.Pass(11 * time.Minute) // the limit of failed sign-ins forgets
		_, _, err := s.with("alice", "AAAA-AAAA-AAAA")
		if vpn.CodeOf(err) != vpn.CodeUserCredentials {
			t.Fatalf("got %v", err)
		}
	}
	judged := strings.Count(s.Log.String(), string(vpn.CodeMFACodeWrong))
	if most := vpn.MFALimitElsewhere.Codes + int(60*11*time.Minute/vpn.MFALimitElsewhere.Every); judged > most || judged < vpn.MFALimitElsewhere.Codes {
		t.Errorf("%d of 60 guesses are judged, want at most %d", judged, most)
	}
	if _, _, err := s.with("alice", recovery[0].Reveal()); err != nil { // else who has the password keeps the user out
		t.Errorf("the right one while no guess is judged: %v", err)
	}
	login := identity.ProofRequest{Directory: s.d.ID, Username: "alice", Password: vpn.WithCode(password, recovery[1].Reveal()), From: netip.MustParseAddr("203.0.113.77")}
	s.Clock.Pass(24 * time.Hour)
	if _, err := s.Identity.Prove(t.Context(), login); vpn.CodeOf(err) != vpn.CodeMFACodeWrong {
		t.Errorf("at the VPN: %v", err)
	}
	if left := s.Query("SELECT digest FROM recovery_code WHERE used_at = 0"); len(left) != vpn.RecoveryCodes-1 {
		t.Errorf("%d codes are left", len(left))
	}
}

// Where the directory asks for it, an enrolment code comes before the QR code. It is good once and for its user, within
// limits and for a time, and an administrator makes none for who has an authenticator.
func TestEnrolmentCode(t *testing.T) {
	t.Parallel()
	s := newEnrolmentSite(t)
	ctx := t.Context()
	_, forBob, err := s.Identity.CreateEnrolmentCode(ctx, s.Admin, s.d.ID, "bob")
	s.Must(err)
	_, former, err := s.Identity.CreateEnrolmentCode(ctx, s.Admin, s.d.ID, "alice")
	s.Must(err)
	e, code, err := s.Identity.CreateEnrolmentCode(ctx, s.Admin, s.d.ID, "alice")
	s.Must(err)
	alice, _ := s.mustWith("alice", "")
	if m := s.mfa(alice); !m.AsksCode || m.Key != "" {
		t.Fatalf("before the code: %+v", m)
	}
	for _, typed := range []string{"", forBob.Reveal(), former.Reveal(), "000000"} {
		if err := s.Portal.BeginMFA(ctx, alice, typed); vpn.FieldsOf(err)["code"] == "" {
			t.Errorf("with %q: %v", typed, err)
		}
	}
	if m := s.mfa(alice); m.Key != "" {
		t.Fatal("the QR code is shown without the code")
	}
	s.Must(s.Portal.BeginMFA(ctx, alice, " "+strings.ToLower(code.Reveal())+" "))
	first := s.mfa(alice).Key
	s.Must(s.Portal.BeginMFA(ctx, alice, code.Reveal())) // the QR code is shown again
	key := s.mfa(alice).Key
	if key == "" || key == first {
		t.Fatal("there is no new key")
	}
	second, _ := s.mustWith("alice", "") // in another browser, with the same code
	s.Must(s.Portal.BeginMFA(ctx, second, code.Reveal()))
	other := s.mfa(second).Key
	_, _, err = s.Portal.ConfirmMFA(ctx, alice, vpn.TOTP(key, s.Clock.Now()))
	s.Must(err)
	if _, _, err := s.Portal.ConfirmMFA(ctx, second, vpn.TOTP(other, s.Clock.Now())); err == nil {
		t.Error("the code is used twice")
	}
	if _, _, err := s.Identity.CreateEnrolmentCode(ctx, s.Admin, s.d.ID, "alice"); vpn.FieldsOf(err)["user"] == "" {
		t.Errorf("of who has an authenticator: %v", err)
	}
	s.Clock.Pass(vpn.EnrolmentCodeLife)
	bob, _ := s.mustWith("bob", "")
	if err := s.Portal.BeginMFA(ctx, bob, forBob.Reveal()); vpn.FieldsOf(err)["code"] == "" {
		t.Errorf("after its end: %v", err)
	}
	_, forBob, err = s.Identity.CreateEnrolmentCode(ctx, s.Admin, s.d.ID, "bob")
	s.Must(err)
	for range vpn.MFALimitElsewhere.Codes {
		_ = s.Portal.BeginMFA(ctx, bob, "AAAA-AAAA-AAAA")
	}
	if err := s.Portal.BeginMFA(ctx, bob, "AAAA-AAAA-AAAA"); !strings.Contains(vpn.FieldsOf(err)["code"], "Too many enrolment codes") {
		t.Errorf("after many wrong ones: %v", err)
	}
	if err := s.Portal.BeginMFA(ctx, bob, forBob.Reveal()); err != nil { // else who has the password keeps the user out
		t.Errorf("the right one after many wrong ones: %v", err)
	}
	everything := s.Log.String() + strings.Join(s.Query("SELECT before || after FROM audit"), " ") + strings.Join(s.Query("SELECT digest FROM enrolment_code"), " ")
	if strings.Contains(everything, code.Reveal()) || strings.Contains(everything, e.Digest) {
		t.Error("log, audit trail or database has an enrolment code or, for no use, its digest")
	}
	if rows := s.Query("SELECT id FROM audit WHERE action = 'CreateMFAEnrolmentCode'"); len(rows) != 4 {
		t.Errorf("audit: %d records", len(rows))
	}
}

// A reset by an administrator ends the sessions of the user and what is set up in them, also where it was begun with a right
// code, and where the directory stops to ask for codes there is nothing to set up.
func TestResetDuringReplacement(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	ctx := t.Context()
	u, key, recovery := s.enrolled("alice")
	s.Must(s.Portal.BeginMFA(ctx, u, vpn.TOTP(key, s.Clock.Now())))
	m := s.mfa(u)
	s.Must(s.Identity.ResetMFADevice(ctx, s.Admin, s.d.ID, m.Device.ID))
	if _, _, err := s.Portal.ConfirmMFA(ctx, u, vpn.TOTP(m.Key, s.Clock.Now())); vpn.KindOf(err) != vpn.Denied {
		t.Errorf("confirmed after a reset: %v", err)
	}
	again, _ := s.mustWith("alice", recovery[0].Reveal())
	if again.Session.Purpose != vpn.ForFirstFactor || s.mfa(again).Key == m.Key {
		t.Errorf("after the reset: %+v", again.Session)
	}
	device, err := s.Identity.RegisterMFADevice(ctx, s.Admin, s.d.ID, "alice") // an administrator begins as well
	s.Must(err)
	_, _, err = s.Portal.ConfirmMFA(ctx, again, vpn.TOTP(s.mfa(again).Key, s.Clock.Now()))
	s.Must(err)
	if _, err := s.Identity.ConfirmMFADevice(ctx, s.Admin, s.d.ID, device.ID, "123456"); vpn.KindOf(err) != vpn.NotFound {
		t.Errorf("the administrator's registration: %v", err)
	}
	bob, _ := s.mustWith("bob", "")
	s.RegisterMFADevice(s.d.ID, "bob") // meanwhile
	if _, _, err := s.Portal.ConfirmMFA(ctx, bob, vpn.TOTP(s.keyOf(bob), s.Clock.Now())); vpn.CodeOf(err) != vpn.CodeMFAEnrolmentOver {
		t.Errorf("an administrator was faster: %v", err)
	}
	s.Exec("UPDATE directory SET options = json_remove(options, '$.mfa'), version = version + 1")
	if _, err := s.Portal.MFA(ctx, bob); vpn.KindOf(err) != vpn.NotFound {
		t.Errorf("without MFA: %v", err)
	}
}

// keyOf is the key of what a session sets up, whether it is still shown or not.
func (s *site) keyOf(u portal.User) vpn.Secret {
	s.T.Helper()
	return s.mfa(u).Key
}

// Of two confirmations at the same time one is taken, and of two changes by one code.
func TestOneOfTwoFactors(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	a, _ := s.mustWith("alice", "")
	b, _ := s.mustWith("alice", "")
	race := func(what string, one, two func() error) {
		t.Helper()
		var group sync.WaitGroup
		errs := make([]error, 2)
		for i, f := range []func() error{one, two} {
			group.Go(func() { errs[i] = f() })
		}
		group.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("%s: %v and %v", what, errs[0], errs[1])
		}
	}
	confirm := func(u portal.User) func() error {
		code := vpn.TOTP(s.mfa(u).Key, s.Clock.Now())
		return func() error { _, _, err := s.Portal.ConfirmMFA(t.Context(), u, code); return err }
	}
	race("two sessions", confirm(a), confirm(b))
	if n := len(s.Query("SELECT id FROM mfa_device")); n != 1 {
		t.Errorf("%d authenticators", n)
	}
	u, key, recovery := s.enrolled("bob")
	begin := func(code string) func() error {
		return func() error { return s.Portal.BeginMFA(t.Context(), u, code) }
	}
	code := vpn.TOTP(key, s.Clock.Now())
	race("one code", begin(code), begin(code))
	race("one recovery code", begin(recovery[0].Reveal()), begin(recovery[0].Reveal()))
	twice := confirm(u)
	race("one confirmation twice", twice, twice)
}
