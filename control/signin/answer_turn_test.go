package signin_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/control/signin"
	"sallyport/vpn"
)

// heldProviders hold every answer until a test lets it go.
type heldProviders struct {
	requests, judged atomic.Int64
	begun            chan struct{} // one for each answer
	free             chan struct{} // closed: answers are judged at once
	fault            error
}

func (p *heldProviders) RequestSAML(_ context.Context, _ vpn.SAMLProviderID, relay string) (string, string, error) {
	p.requests.Add(1)
	return "_" + vpn.NewToken().Reveal(), "https://idp.example.test/sso?" + url.Values{"RelayState": {relay}}.Encode(), nil
}

func (p *heldProviders) AcceptSAML(_ context.Context, _ vpn.SAMLProviderID, form url.Values, _ string) (vpn.SAMLAnswer, int, error) {
	p.judged.Add(1)
	p.begun <- struct{}{}
	<-p.free
	if p.fault != nil {
		return vpn.SAMLAnswer{}, 1, p.fault
	}
	return vpn.SAMLAnswer{User: vpn.ProviderUser{Key: "alice", Name: "alice"}, AssertionID: form.Get("assertion")}, 1, nil
}

// site is an endpoint whose users sign in at heldProviders.
type site struct {
	*controltest.Site
	providers *heldProviders
	service   *signin.Service
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{Site: controltest.NewSite(t), providers: &heldProviders{begun: make(chan struct{}, 100), free: make(chan struct{})}}
	s.AskBrowser(false)
	s.service = signin.New(s.Core, s.providers, nil, nil)
	return s
}

// waiting has a login wait.
func (s *site) waiting(id string) vpn.BrowserSignIn {
	s.T.Helper()
	login := *s.Login("")
	login.ID, login.SSO = id, []string{"webauth"}
	v, err := s.service.Begin(s.T.Context(), s.Endpoint.SAML, login, "node-1")
	s.Must(err)
	return v
}

// asked begins the sign-in of a login, and gives the answer of the identity provider.
func (s *site) asked(v vpn.BrowserSignIn, by signin.Browser) url.Values {
	s.T.Helper()
	redirect, err := s.service.Request(s.T.Context(), v.Token, by)
	s.Must(err)
	return controltest.AnswerTo(redirect, "alice")
}

// A request has one verification, however many answers come to it at the same time.
func TestRequestHasOneVerification(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, by := s.waiting("login-1"), controltest.NewBrowser("192.0.2.7")
	form := s.asked(v, by)
	refused := make(chan error)
	var all sync.WaitGroup
	for i := range 12 {
		from := by
		from.Addr = from.Addr.Next()
		if i%2 == 0 {
			from = by
		}
		all.Go(func() {
			if _, err := s.service.Accept(t.Context(), v.Provider, form, from); err != nil {
				refused <- err
			}
		})
	}
	for i := range 11 {
		if err := <-refused; vpn.CodeOf(err) != vpn.CodeSAMLRequestUnknown {
			t.Errorf("got %v", err)
		}
		if i == 0 { // it came while the first is judged
			close(s.providers.free)
		}
	}
	all.Wait()
	if n := s.providers.judged.Load(); n != 1 {
		t.Errorf("%d answers were verified", n)
	}
}

// The answers of one source wait for one another, and no more than a few: one that finds no room uses up nothing. Another
// source has its turn meanwhile.
func TestAnswersTakeTurns(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	by := controltest.NewBrowser("192.0.2.7")
	type answer struct {
		at   vpn.SAMLProviderID
		form url.Values
		err  error
	}
	const wanted = 4
	s.service.LimitAnswers(wanted)
	done := make(chan answer, wanted+2)
	answers := make([]answer, wanted+1)
	for i := range answers {
		v := s.waiting(fmt.Sprint("login-", i))
		answers[i] = answer{at: v.Provider, form: s.asked(v, by)}
	}
	other := controltest.NewBrowser("198.51.100.7")
	v := s.waiting("of another source")
	form := s.asked(v, other)
	for _, a := range answers {
		go func() {
			_, a.err = s.service.Accept(t.Context(), a.at, a.form, by)
			done <- a
		}()
	}
	busy := <-done
	s.WantKind("one more than may wait", busy.err, vpn.Unavailable, "Load this page again")
	go func() {
		_, err := s.service.Accept(t.Context(), v.Provider, form, other)
		done <- answer{err: err}
	}()
	for i := range 2 {
		select {
		case <-s.providers.begun:
		case <-time.After(30 * time.Second):
			t.Fatalf("%d answers are verified at a time", i)
		}
	}
	close(s.providers.free)
	for range wanted + 1 {
		s.Must((<-done).err)
	}
	_, err := s.service.Accept(t.Context(), busy.at, busy.form, by)
	s.Must(err)
}

// After a fault the person begins again: the request is used up, and the error tells no cause.
func TestFaultAfterTheClaim(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	close(s.providers.free)
	s.providers.fault = errors.New("the disk is full")
	v, by := s.waiting("login-1"), controltest.NewBrowser("192.0.2.7")
	form := s.asked(v, by)
	a, err := s.service.Accept(t.Context(), v.Provider, form, by)
	s.WantKind("a fault", err, vpn.Unavailable, "Begin it again")
	if a.Path != signin.Path(v.Token) {
		t.Errorf("it leads to %q", a.Path)
	}
	if log := s.Log.String(); !strings.Contains(log, "a sign-in was not completed") || !strings.Contains(log, "the disk is full") {
		t.Errorf("the log is %s", log)
	}
	_, err = s.service.Accept(t.Context(), v.Provider, form, by)
	s.WantKind("the same answer", err, vpn.NotFound, "")
	s.providers.fault = nil
	a, err = s.service.Accept(t.Context(), v.Provider, s.asked(v, by), by)
	s.Must(err)
	if a.Path != signin.ConfirmPath(v.Token) {
		t.Errorf("begun again, it leads to %q", a.Path)
	}
}

// A sign-in has a bounded number of requests, and none more is made, which may be signed.
func TestRequestsAreCounted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, by := s.waiting("login-1"), controltest.NewBrowser("192.0.2.7")
	var err error
	for range 25 {
		_, err = s.service.Request(t.Context(), v.Token, by)
	}
	s.WantKind("too many", err, vpn.Throttled, "begun too often")
	if n := s.providers.requests.Load(); n != 20 {
		t.Errorf("%d requests were made", n)
	}
}
