package signin_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/control/signin"
	"sallyport/vpn"
)

// signedIn has alice sign in for a login, and gives what its page shows.
func (s *site) signedIn(v vpn.BrowserSignIn, by signin.Browser) signin.View {
	s.T.Helper()
	_, err := s.service.Accept(s.T.Context(), v.Provider, s.asked(v, by), by)
	s.Must(err)
	view, err := s.service.Link(s.T.Context(), v.Token, by)
	s.Must(err)
	return view
}

// A sign-in goes from waiting to confirmed, each step once and by the browser that took the one before; what comes too early, too
// late or from elsewhere changes nothing.
func TestStepsOfASignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	close(s.providers.free)
	ctx, by, other := t.Context(), controltest.NewBrowser("192.0.2.7"), controltest.NewBrowser("192.0.2.7")
	v := s.waiting("login-1")
	if again := s.waiting("login-1"); again.ID != v.ID || again.Token.Reveal() != v.Token.Reveal() {
		t.Error("a login that is repeated has another sign-in")
	}
	confirm := func(yes bool, request string, b signin.Browser) error {
		return s.service.Confirm(ctx, v.Token, yes, request, b)
	}
	s.WantKind("a link that was never made", s.service.Confirm(ctx, vpn.NewToken(), true, "", by), vpn.NotFound, "")
	s.WantKind("before the sign-in", confirm(true, "", by), vpn.Conflict, "")
	s.WantKind("an answer to no request", func() error { _, err := s.service.Accept(ctx, v.Provider, s.asked(v, by), other); return err }(), vpn.Denied, "another browser")
	view := s.signedIn(v, by)
	if view.State != vpn.BrowserSignedIn || view.User.Name != "alice" {
		t.Errorf("signed in: %+v", view.BrowserSignIn)
	}
	s.WantKind("another browser", confirm(true, view.Request, other), vpn.Denied, "")
	s.WantKind("an answer that the page did not show", confirm(true, "_other", by), vpn.Conflict, "")
	if now := s.signedIn(v, by); now.Request == view.Request {
		t.Error("a second sign-in does not take the place of the first")
	}
	s.WantKind("the page of the first answer", confirm(true, view.Request, by), vpn.Conflict, "")
	view, err := s.service.Link(ctx, v.Token, by)
	s.Must(err)
	s.Must(confirm(true, view.Request, by))
	select {
	case <-s.service.Decided():
	default:
		t.Error("the runner is not woken")
	}
	s.WantKind("confirmed again", confirm(true, view.Request, by), vpn.NotFound, "")
	if logins, err := s.service.DecidedAt(ctx, "node-1"); err != nil || fmt.Sprint(logins) != "[login-1]" {
		t.Errorf("decided: %v, %v", logins, err)
	}
	if logins, err := s.service.DecidedAt(ctx, "node-2"); err != nil || len(logins) != 0 {
		t.Errorf("decided at another node: %v, %v", logins, err)
	}
	if _, err := s.service.Link(ctx, v.Token, other); vpn.KindOf(err) != vpn.NotFound {
		t.Errorf("the link of a sign-in that is over, in another browser: %v", err)
	}
	s.Must(s.service.End(ctx, v.ID, vpn.LoginDecision{Allow: true}, false))
	if view, err = s.service.Link(ctx, v.Token, by); err != nil || view.State != vpn.BrowserAnswered {
		t.Errorf("answered: %s, %v", view.State, err)
	}
	if logins, err := s.service.DecidedAt(ctx, "node-1"); err != nil || len(logins) != 0 {
		t.Errorf("still to be decided: %v, %v", logins, err)
	}
}

// A sign-in that waits too long is over for every browser, and its link leads nowhere.
func TestSignInExpires(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	close(s.providers.free)
	by := controltest.NewBrowser("192.0.2.7")
	v := s.waiting("login-1")
	form := s.asked(v, by)
	s.Clock.Pass(vpn.BrowserWait)
	_, err := s.service.Request(t.Context(), v.Token, by)
	s.WantKind("a request", err, vpn.NotFound, "")
	a, err := s.service.Accept(t.Context(), v.Provider, form, by)
	s.WantKind("an answer", err, vpn.NotFound, "")
	if strings.Contains(a.Path, "confirm") {
		t.Errorf("it leads to %s", a.Path)
	}
	if view, err := s.service.SignIn(t.Context(), v.ID); err != nil || view.State != vpn.BrowserWaiting || view.User.Name != "" {
		t.Errorf("it is %+v, %v", view, err)
	}
}

// The link tells whether its person has gone on to the identity provider.
func TestOpenedSignIns(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	opened, unopened := s.waiting("login-1"), s.waiting("login-2")
	s.asked(opened, controltest.NewBrowser("192.0.2.7"))
	got, err := s.service.Opened(t.Context(), opened.ID, unopened.ID)
	if s.Must(err); len(got) != 1 || !got[string(opened.ID)] {
		t.Errorf("got %v", got)
	}
}

// Lines of the log that visitors cause are paced: the first in a minute are written, the next one says how many were not.
func TestRefusedAnswersArePaced(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, by := s.waiting("login-1"), controltest.NewBrowser("192.0.2.7")
	refuse := func(times int) {
		t.Helper()
		for range times {
			_, err := s.service.Accept(t.Context(), v.Provider, controltest.AnswerTo("https://idp.example.test/sso?RelayState="+vpn.NewToken().Reveal(), "alice"), by)
			s.WantKind("an answer to no request", err, vpn.NotFound, "")
		}
	}
	lines := func() int { return strings.Count(s.Log.String(), "the answer of an identity provider was refused") }
	refuse(34)
	if n := lines(); n != 30 {
		t.Errorf("%d lines, want 30", n)
	}
	s.Clock.Pass(time.Minute)
	refuse(1)
	if n := lines(); n != 31 || !strings.Contains(s.Log.String(), `"not_logged_before":4`) {
		t.Errorf("%d lines after a minute: %s", n, s.Log.String())
	}
}
