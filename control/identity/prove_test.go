package identity_test

import (
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/control/identity"
	"sallyport/store"
	"sallyport/vpn"
)

const right vpn.Secret = "right-password"

// kit has a directory with alice.
type kit struct {
	*controltest.Kit
	d vpn.Directory
}

func newKit(t *testing.T, mfa bool) *kit {
	t.Helper()
	k := controltest.NewWithAccounts(t)
	d, err := k.Identity.CreateDirectory(t.Context(), k.Admin, vpn.DirectorySpec{Name: "corp", Password: "x", DirectoryOptions: vpn.DirectoryOptions{
		Type: vpn.ActiveDirectory, URLs: []string{"ldaps://dc1.corp.example.com"}, BaseDN: "DC=corp", BindDN: "svc@corp", MFA: mfa,
	}})
	k.Must(err)
	k.Directory.Put(right, vpn.ProviderUser{Key: "guid-alice", Name: "alice@corp.example.com"})
	return &kit{k, d}
}

func (k *kit) request(name string, password vpn.Secret, from string) identity.ProofRequest {
	return identity.ProofRequest{Directory: k.d.ID, Username: name, Password: password, From: netip.MustParseAddr(from)}
}

const alice = "alice@corp.example.com"

// try signs in and wants a code; "" is a success, whose user is let in.
func (k *kit) try(name string, password vpn.Secret, from string, want vpn.Code) error {
	k.T.Helper()
	proof, err := k.Identity.Prove(k.T.Context(), k.request(name, password, from))
	if err == nil {
		k.letIn(proof)
	}
	if got := vpn.CodeOf(err); got != want || want == "" && err != nil {
		k.T.Errorf("%s from %s: %q (%v), want %q", name, from, got, err, want)
	}
	return err
}

// letIn is what who lets a user in stores. It is false where the MFA code was used meanwhile.
func (k *kit) letIn(proof vpn.Proof) (unused bool) {
	k.T.Helper()
	k.Must(k.Store.Update(k.T.Context(), func(tx *store.Tx) (err error) {
		if unused, err = tx.UseMFACode(k.T.Context(), proof.Code); err == nil && unused {
			err = tx.NoteSignIn(k.T.Context(), proof.Note, k.Clock.Now())
		}
		return err
	}))
	return unused
}

// A sign-in is remembered when its user is let in, and not before: one whose MFA code was used meanwhile, or that is refused for
// another reason, leaves the failures counted and its place unknown.
func TestSignInIsRememberedWithTheGrant(t *testing.T) {
	t.Parallel()
	k := newKit(t, true)
	key := k.RegisterMFADevice(k.d.ID, alice)
	k.Clock.Pass(time.Minute)
	code := vpn.TOTP(key, k.Clock.Now())
	k.try(alice, vpn.WithCode("guess", code), "192.0.2.1", wrong)
	stored := func() string {
		return fmt.Sprint(k.Query("SELECT count(*) FROM sign_in_place"), k.Query("SELECT count(*) FROM sign_in_failure"))
	}
	before := stored()
	first, err := k.Identity.Prove(t.Context(), k.request(alice, vpn.WithCode(right, code), "192.0.2.1"))
	k.Must(err)
	second, err := k.Identity.Prove(t.Context(), k.request(alice, vpn.WithCode(right, code), "203.0.113.9"))
	k.Must(err)
	if got := stored(); got != before {
		t.Errorf("a user who is not let in is remembered: %s, before %s", got, before)
	}
	if !k.letIn(first) || k.letIn(second) {
		t.Error("the code is not used once")
	}
	if places := k.Query("SELECT place FROM sign_in_place"); len(places) != 1 || places[0] != string(store.NewSignInID("source", "192.0.2.1")) {
		t.Errorf("places %v, want that of the one who was let in", places)
	}
	if failures := k.Query(fmt.Sprint("SELECT count(*) FROM sign_in_failure WHERE kind <> ", int(vpn.SubjectSource))); failures[0] != "0" {
		t.Errorf("%s accounts have failures", failures[0])
	}
}

const wrong = vpn.CodeUserCredentials

// An account is tried less often than the directory locks it, from wherever the attempts come and whatever process counts;
// the network that the user signed in from keeps an attempt, and the waits end.
func TestAccountIsThrottled(t *testing.T) {
	t.Parallel()
	k := newKit(t, false)
	k.try(alice, right, "192.0.2.1", "")
	k.try(alice, "guess", "203.0.113.1", wrong)
	k.try("ALICE@corp.example.com", "guess", "203.0.113.2", wrong)
	k.try(alice, right, "203.0.113.4", vpn.CodeSignInThrottled)
	k.Clock.Pass(6 * time.Second)
	k.try(alice, "guess", "203.0.113.3", wrong)

	k.Services = k.NewServices(controltest.Options{}) // the program restarts
	err := k.try(alice, right, "203.0.113.4", vpn.CodeSignInThrottled)
	if vpn.KindOf(err) != vpn.Throttled || !strings.Contains(err.Error(), "Try again in 10 minutes, at 12:10:07 UTC.") {
		t.Errorf("the refusal is %v", err)
	}
	k.Clock.Pass(16 * time.Second)
	k.try(alice, right, "192.0.2.1", "") // from where alice signed in before, at once
	k.try(alice, right, "203.0.113.4", "")
	for range 3 {
		k.try(alice, "guess", "203.0.113.9", wrong)
		k.Clock.Pass(16 * time.Second)
	}
	k.try(alice, right, "198.51.100.1", vpn.CodeSignInThrottled)
	k.Clock.Pass(10 * time.Minute)
	k.try(alice, right, "198.51.100.1", "")
}

// An unknown name is counted as a known one, so that the throttle does not tell which names exist.
func TestUnknownNamesAreThrottledAlike(t *testing.T) {
	t.Parallel()
	k := newKit(t, false)
	for i, name := range []string{"mallory@corp.example.com", `CORP\Mallory`, "MALLORY"} {
		k.try(name, "guess", fmt.Sprintf("203.0.113.%d", i), vpn.CodeUserUnknown)
		k.Clock.Pass(16 * time.Second)
	}
	k.try("mallory", "guess", "203.0.113.7", vpn.CodeSignInThrottled)
}

// Beside a name that exists, another domain is told what it is told beside one that does not: nothing tells them apart.
func TestThrottleTellsNoNames(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]vpn.Code{"alice": wrong, "mallory": vpn.CodeUserUnknown} {
		k := newKit(t, false)
		for i := range 3 {
			k.try(name+"@corp.example.com", "guess", fmt.Sprintf("203.0.113.%d", i), code)
			k.Clock.Pass(16 * time.Second)
		}
		k.try(name+"@other.example", "guess", "203.0.113.8", vpn.CodeSignInThrottled)
		k = newKit(t, false)
		for i := range 3 {
			k.try(name+"@other.example", "guess", fmt.Sprintf("203.0.113.%d", i), vpn.CodeUserUnknown)
			k.Clock.Pass(16 * time.Second)
		}
		k.try(name+"@corp.example.com", "guess", "203.0.113.8", vpn.CodeSignInThrottled)
	}
}

// A source that tries many names is refused before the directory is asked, except for those who signed in from there.
func TestSourceIsThrottled(t *testing.T) {
	t.Parallel()
	k := newKit(t, false)
	k.Directory.Put(right, vpn.ProviderUser{Key: "guid-bob", Name: "bob@corp.example.com"})
	for i := range 40 {
		k.try(fmt.Sprintf("name%d", i), "guess", "203.0.113.1", vpn.CodeUserUnknown)
	}
	k.try(alice, right, "203.0.113.1", vpn.CodeSignInThrottled)
	k.try(alice, right, "203.0.113.2", "")
	for i := range 40 {
		k.try(fmt.Sprintf("other%d", i), "guess", "203.0.113.2", vpn.CodeUserUnknown)
	}
	k.try("bob@corp.example.com", right, "203.0.113.2", vpn.CodeSignInThrottled)
	k.try(alice, right, "203.0.113.2", "")
	k.Clock.Pass(10 * time.Minute)
	k.try("bob@corp.example.com", right, "203.0.113.2", "")
}

// A device whose certificate the user has signed in with keeps an attempt too.
func TestKnownDeviceKeepsAnAttempt(t *testing.T) {
	t.Parallel()
	k := newKit(t, false)
	laptop := k.request(alice, right, "192.0.2.1")
	laptop.Device = "ab01"
	proof, err := k.Identity.Prove(t.Context(), laptop)
	k.Must(err)
	k.letIn(proof)
	for i := range 3 {
		k.try(alice, "guess", fmt.Sprintf("203.0.113.%d", i), wrong)
		k.Clock.Pass(16 * time.Second)
	}
	laptop.From = netip.MustParseAddr("198.51.100.7")
	if _, err := k.Identity.Prove(t.Context(), laptop); err != nil {
		t.Errorf("the laptop in another network: %v", err)
	}
}

// Wrong passwords that arrive together count one after the other.
func TestAttemptsTogetherAreWithinTheLimit(t *testing.T) {
	t.Parallel()
	k := newKit(t, false)
	var inside atomic.Int64
	k.Directory.Judging(func() {
		if inside.Add(1) > 1 {
			t.Error("two passwords of one account are judged at a time")
		}
		for range 1000 {
			runtime.Gosched()
		}
		inside.Add(-1)
	})
	var tried sync.Map
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			_, err := k.Identity.Prove(t.Context(), k.request(alice, "guess", fmt.Sprintf("203.0.113.%d", i)))
			if vpn.CodeOf(err) == wrong {
				tried.Store(i, true)
			}
		})
	}
	all.Wait()
	n := 0
	tried.Range(func(any, any) bool { n++; return true })
	if n < 1 || n > 3 {
		t.Errorf("the directory was asked about %d wrong passwords", n)
	}
}

// A directory that does not answer counts as no failure, and a trial remembers no network.
func TestWhatDoesNotCount(t *testing.T) {
	t.Parallel()
	k := newKit(t, false)
	k.Directory.Fail(vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryUnavailable, "It is down."))
	for range 5 {
		k.try(alice, right, "203.0.113.1", vpn.CodeDirectoryUnavailable)
	}
	k.Directory.Fail(nil)
	k.try(alice, right, "203.0.113.1", "")
	if n := len(k.Query("SELECT * FROM sign_in_place")); n != 1 {
		t.Errorf("%d places", n)
	}
	trial, err := k.Identity.TestSignIn(t.Context(), k.Admin, identity.TrialRequest{Directory: k.d.ID, Username: alice, Password: right})
	if err != nil || trial.Refused != nil || len(k.Query("SELECT * FROM sign_in_place")) != 1 {
		t.Errorf("trial: %v, %v", err, trial.Refused)
	}
	for range 3 {
		trial, err = k.Identity.TestSignIn(t.Context(), k.Admin, identity.TrialRequest{Directory: k.d.ID, Username: alice, Password: "guess"})
		k.Must(err)
		k.Clock.Pass(16 * time.Second)
	}
	trial, err = k.Identity.TestSignIn(t.Context(), k.Admin, identity.TrialRequest{Directory: k.d.ID, Username: alice, Password: right})
	if err != nil || vpn.CodeOf(trial.Refused) != vpn.CodeSignInThrottled {
		t.Errorf("a trial is throttled: %v, %v", err, trial.Refused)
	}
}
