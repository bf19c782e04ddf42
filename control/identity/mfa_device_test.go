package identity_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/control/identity"
	"sallyport/vpn"
)

// A login needs the password and a code that was not used; which of them was wrong is not told to the client.
func TestMFALogin(t *testing.T) {
	t.Parallel()
	k := newKit(t, true)
	const from = "192.0.2.1"
	k.try(alice, vpn.WithCode(right, "123456"), from, vpn.CodeMFADeviceMissing)
	key := k.RegisterMFADevice(k.d.ID, "ALICE@corp.example.com")
	code := func() vpn.Secret { return vpn.WithCode(right, vpn.TOTP(key, k.Clock.Now())) }
	k.try(alice, code(), from, vpn.CodeMFACodeUsed) // by the registration
	k.Clock.Pass(30 * time.Second)
	k.try(alice, code(), from, "")
	k.try(alice, code(), from, vpn.CodeMFACodeUsed)
	k.Clock.Pass(30 * time.Second)
	k.try(alice, right, from, vpn.CodeMFACodeMissing)
	k.try(alice, vpn.WithCode(right, ""), from, vpn.CodeMFACodeMissing)
	wrongCode := k.try(alice, vpn.WithCode(right, "000000"), from, vpn.CodeMFACodeWrong)
	k.Clock.Pass(30 * time.Second)
	wrongPassword := k.try(alice, vpn.WithCode("guess", vpn.TOTP(key, k.Clock.Now())), from, wrong)
	k.Clock.Pass(30 * time.Second)
	for _, err := range []error{wrongCode, wrongPassword} {
		refused, ok := errors.AsType[*vpn.Error](err)
		if !ok {
			t.Fatal(err)
		}
		told := refused.ToldToClient(true)
		if told.Code != wrong || told.Msg != "The user name, the password or the MFA code is wrong." {
			t.Errorf("%v is told as %s: %s", err, told.Code, told.Msg)
		}
	}
	k.try(alice, code(), from, "") // the code that the wrong password came with is not the only one that was left
	if rows := k.Rows(); strings.Contains(rows, key.Reveal()) || strings.Contains(rows, right.Reveal()) {
		t.Error("the database has the key or the password")
	}
}

// Wrong codes are throttled as wrong passwords are.
func TestMFACodesAreThrottled(t *testing.T) {
	t.Parallel()
	k := newKit(t, true)
	key := k.RegisterMFADevice(k.d.ID, "ALICE@corp.example.com")
	for range 3 {
		k.try(alice, vpn.WithCode(right, "000000"), "203.0.113.1", vpn.CodeMFACodeWrong)
		k.Clock.Pass(16 * time.Second)
	}
	k.try(alice, vpn.WithCode(right, vpn.TOTP(key, k.Clock.Now())), "203.0.113.1", vpn.CodeSignInThrottled)
}

// Who has the password guesses some codes at once and then one every few hours, and is not told that the password is right.
// The user gets in from where the user signed in before, meanwhile. A right code gives no further guesses; another device does.
func TestGuessedCodesAreBounded(t *testing.T) {
	t.Parallel()
	k := newKit(t, true)
	key := k.RegisterMFADevice(k.d.ID, alice)
	const home, away = "192.0.2.1", "203.0.113.1"
	code := func() vpn.Secret { return vpn.WithCode(right, vpn.TOTP(key, k.Clock.Now())) }
	k.Clock.Pass(30 * time.Second)
	k.try(alice, code(), home, "")
	guess := func(n int, want vpn.Code) (last error) {
		t.Helper()
		for range n {
			last = k.try(alice, vpn.WithCode(right, "000000"), away, want)
			k.Clock.Pass(10 * time.Minute)
		}
		return last
	}
	guess(5, vpn.CodeMFACodeWrong)
	refused, _ := errors.AsType[*vpn.Error](guess(1, vpn.CodeMFACodesThrottled))
	if told := refused.ToldToClient(true); told.Code != wrong || !strings.Contains(refused.Msg, "is judged in 130 minutes, at ") || refused.Listed() == refused.Msg {
		t.Errorf("%s: %s is told as %s", refused.Code, refused.Msg, told.Code)
	}
	k.try(alice, code(), away, vpn.CodeMFACodesThrottled)
	k.Clock.Pass(10 * time.Minute)
	k.try(alice, code(), home, "")
	guess(1, vpn.CodeMFACodesThrottled)
	k.Services = k.NewServices(controltest.Options{}) // the program restarts
	k.Clock.Pass(110 * time.Minute)
	guess(1, vpn.CodeMFACodeWrong)
	guess(1, vpn.CodeMFACodesThrottled)
	_, list, err := k.Identity.MFADevices(t.Context(), k.Admin, k.d.ID, vpn.List{})
	k.Must(err)
	k.Must(k.Identity.ResetMFADevice(t.Context(), k.Admin, k.d.ID, list.Items[0].ID))
	key = k.RegisterMFADevice(k.d.ID, alice)
	k.Clock.Pass(30 * time.Second)
	k.try(alice, code(), away, "")
}

// Without MFA the form of the answer is refused even where it is the password.
func TestFormOfACodeWithoutMFA(t *testing.T) {
	t.Parallel()
	k := newKit(t, false)
	k.Directory.Put("SCRV1:YQ==:Yg==", vpn.ProviderUser{Key: "guid-bob", Name: "bob"})
	k.try("bob", "SCRV1:YQ==:Yg==", "192.0.2.1", vpn.CodeMFANotUsed)
}

func TestMFADeviceLife(t *testing.T) {
	t.Parallel()
	k := newKit(t, true)
	ctx := t.Context()
	for name, words := range map[string]string{"": "Enter a user name", "mallory": "no such user"} {
		_, err := k.Identity.RegisterMFADevice(ctx, k.Admin, k.d.ID, name)
		if !strings.Contains(vpn.FieldsOf(err)["user"], words) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := k.Identity.RegisterMFADevice(ctx, k.ReadOnly, k.d.ID, alice); vpn.KindOf(err) != vpn.Denied {
		t.Errorf("a read-only account: %v", err)
	}
	first, err := k.Identity.RegisterMFADevice(ctx, k.Admin, k.d.ID, alice)
	k.Must(err)
	_, _, key, err := k.Identity.PendingMFADevice(ctx, k.Admin, k.d.ID, first.ID)
	k.Must(err)
	if _, _, _, err := k.Identity.PendingMFADevice(ctx, k.ReadOnly, k.d.ID, first.ID); vpn.KindOf(err) != vpn.Denied {
		t.Errorf("a read-only account gets the key: %v", err)
	}
	k.try(alice, vpn.WithCode(right, vpn.TOTP(key, k.Clock.Now())), "192.0.2.1", vpn.CodeMFADeviceMissing) // not confirmed yet
	if _, err := k.Identity.ConfirmMFADevice(ctx, k.Admin, k.d.ID, first.ID, "000000"); vpn.FieldsOf(err)["code"] == "" {
		t.Errorf("a wrong first code: %v", err)
	}
	second, err := k.Identity.RegisterMFADevice(ctx, k.Admin, k.d.ID, alice) // takes the place of the first
	k.Must(err)
	if _, err := k.Identity.ConfirmMFADevice(ctx, k.Admin, k.d.ID, first.ID, vpn.TOTP(key, k.Clock.Now())); vpn.CodeOf(err) != vpn.CodeMFADeviceNotFound {
		t.Errorf("the first device: %v", err)
	}
	_, _, key, err = k.Identity.PendingMFADevice(ctx, k.Admin, k.d.ID, second.ID)
	k.Must(err)
	_, err = k.Identity.ConfirmMFADevice(ctx, k.Admin, k.d.ID, second.ID, vpn.TOTP(key, k.Clock.Now()))
	k.Must(err)
	if _, _, _, err := k.Identity.PendingMFADevice(ctx, k.Admin, k.d.ID, second.ID); vpn.KindOf(err) != vpn.Conflict {
		t.Errorf("the key of a registered device is shown: %v", err)
	}
	if _, err := k.Identity.RegisterMFADevice(ctx, k.Admin, k.d.ID, alice); !strings.Contains(vpn.FieldsOf(err)["user"], "Reset it") {
		t.Errorf("a second device: %v", err)
	}
	_, list, err := k.Identity.MFADevices(ctx, k.ReadOnly, k.d.ID, vpn.List{Search: "ALICE"})
	if err != nil || len(list.Items) != 1 || list.Items[0].UserKey != "guid-alice" {
		t.Errorf("list: %+v, %v", list.Items, err)
	}
	k.Clock.Pass(30 * time.Second)
	trial, err := k.Identity.TestSignIn(ctx, k.Admin, identity.TrialRequest{Directory: k.d.ID, Username: alice, Password: right, Code: vpn.TOTP(key, k.Clock.Now())})
	if err != nil || trial.Refused != nil || trial.Steps[len(trial.Steps)-1].Name != "Check the MFA code" {
		t.Errorf("trial: %v, %v, %v", err, trial.Refused, trial.Steps)
	}
	trial, err = k.Identity.TestSignIn(ctx, k.Admin, identity.TrialRequest{Directory: k.d.ID, Username: alice, Password: right, Code: vpn.TOTP(key, k.Clock.Now())})
	if err != nil || vpn.CodeOf(trial.Refused) != vpn.CodeMFACodeUsed {
		t.Errorf("a second trial with the code: %v, %v", err, trial.Refused)
	}
	k.Must(k.Identity.ResetMFADevice(ctx, k.Admin, k.d.ID, second.ID))
	k.Clock.Pass(30 * time.Second)
	k.try(alice, vpn.WithCode(right, vpn.TOTP(key, k.Clock.Now())), "192.0.2.1", vpn.CodeMFADeviceMissing)
}
