package runner_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/vpn"
)

// newMFASite makes a site whose users enter a code, and gives what alice enters now.
func newMFASite(t *testing.T) (*site, vpn.Directory, vpn.Secret) {
	t.Helper()
	s := newSite(t)
	spec := controltest.DirectorySpec()
	spec.MFA = true
	d := s.AskAnswers(spec, false)
	s.Directory.Put(alicePassword, vpn.ProviderUser{Key: "guid-1", Name: "alice"})
	key := s.RegisterMFADevice(d.ID, "alice")
	s.Clock.Pass(30 * time.Second)
	return s, d, vpn.WithCode(alicePassword, vpn.TOTP(key, s.Clock.Now()))
}

// usedCodes counts the refused attempts with a code that was used before.
func (s *site) usedCodes() int {
	return len(s.Query("SELECT * FROM attempt WHERE code = '" + string(vpn.CodeMFACodeUsed) + "'"))
}

// A client repeats its answer when it was refused for another reason than the code: the code lets it in then, once.
func TestRefusedLoginKeepsItsCode(t *testing.T) {
	t.Parallel()
	s, d, answer := newMFASite(t)
	s.Exec("UPDATE observation SET faults = json_array(json_object('subject', '" + string(s.Association.ID) + "', 'sentence', 'The subnet is not reachable.', 'since', '2026-11-20T12:00:00Z'))")
	if got := s.decided(s.passwordLogin("no-network", "alice", answer)); got.Allow || !got.Later {
		t.Fatalf("without a target network: %+v", got)
	}
	s.Exec("UPDATE observation SET faults = '[]'")
	s.Directory.Before(func(context.Context, string) {
		s.Directory.Before(nil)
		s.Exec("UPDATE directory SET version = version + 1")
	})
	if got := s.decided(s.passwordLogin("changed", "alice", answer)); got.Allow || !got.Later {
		t.Fatalf("the directory %s was changed meanwhile: %+v", d.ID, got)
	}
	if got := s.decided(s.passwordLogin("again", "alice", answer)); !got.Allow {
		t.Errorf("again: %+v", got)
	}
	if got := s.decided(s.passwordLogin("repeated", "alice", answer)); got.Allow || got.Code != vpn.CodeUserCredentials || s.usedCodes() != 1 {
		t.Errorf("after it was let in: %+v, %d refusals of a used code", got, s.usedCodes())
	}
}

// Of two logins with one code, one is let in.
func TestOneCodeLetsOneIn(t *testing.T) {
	t.Parallel()
	s, _, answer := newMFASite(t)
	s.AddLogins(s.passwordLogin("first", "alice", answer), s.passwordLogin("second", "alice", answer))
	in := 0
	for _, d := range s.Dataplane.Decisions {
		if d.Allow {
			in++
		} else if d.Code != vpn.CodeUserCredentials || d.Later {
			t.Errorf("%+v", d)
		}
	}
	if in != 1 || s.usedCodes() != 1 || len(s.Query("SELECT * FROM vpn_session")) != 1 {
		t.Errorf("%d are let in, %d refused for a used code", in, s.usedCodes())
	}
}

// A user without an authenticator is told where to set one up: in the self-service portal of the endpoint, where it is on.
func TestWithoutAuthenticator(t *testing.T) {
	t.Parallel()
	s, _, _ := newMFASite(t)
	s.Directory.Put("bobs-password", vpn.ProviderUser{Key: "guid-2", Name: "bob"})
	answer := vpn.WithCode("bobs-password", "123456")
	for portal, want := range map[bool]string{false: "Ask your administrator", true: "Set up your authenticator first: " + controltest.PublicURL + s.Endpoint.ID.PortalPath() + " ["} {
		s.SetPortal(portal)
		got := s.decided(s.passwordLogin(fmt.Sprint("portal ", portal), "bob", answer))
		if got.Allow || got.Code != vpn.CodeMFADeviceMissing || !strings.Contains(got.Reason, want) {
			t.Errorf("portal %t: %+v", portal, got)
		}
	}
	if rows := s.Query("SELECT reason FROM attempt"); len(rows) != 1 {
		t.Errorf("one reason is listed as %v", rows)
	}
}
