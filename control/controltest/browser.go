package controltest

import (
	"context"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"sallyport/control/identity"
	"sallyport/control/signin"
	"sallyport/store"
	"sallyport/vpn"
)

// SignInProvider is SAML providers whose answers say what a test says: signin.Providers without XML, for those without
// metadata. The others are real ones.
type SignInProvider struct {
	mu      sync.Mutex // guards all below
	failure error      // of every answer; nil: none
	ends    time.Time  // of the session that an answer begins; zero: not set
	served  *identity.Service
}

func (p *SignInProvider) real(s *identity.Service) { p.mu.Lock(); defer p.mu.Unlock(); p.served = s }

// realOf gives the use cases that serve a provider; nil: a test does.
func (p *SignInProvider) realOf(ctx context.Context, id vpn.SAMLProviderID) *identity.Service {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, _, err := p.served.ServiceProvider(ctx, id); err != nil { // it has no metadata
		return nil
	}
	return p.served
}

// The fields of an answer of a SignInProvider, beside RelayState.
const (
	answerUser      = "user"
	answerAssertion = "assertion"
)

// Fail has every answer refused; nil ends it.
func (p *SignInProvider) Fail(err error) { p.mu.Lock(); defer p.mu.Unlock(); p.failure = err }

// EndSessions sets when the sessions that answers begin end.
func (p *SignInProvider) EndSessions(at time.Time) { p.mu.Lock(); defer p.mu.Unlock(); p.ends = at }

// RequestSAML implements signin.Providers.
func (p *SignInProvider) RequestSAML(ctx context.Context, id vpn.SAMLProviderID, relay string) (string, string, error) {
	if served := p.realOf(ctx, id); served != nil {
		return served.RequestSAML(ctx, id, relay)
	}
	return "_" + vpn.NewToken().Reveal(), "https://idp.example.test/sso?" + url.Values{"RelayState": {relay}}.Encode(), nil
}

// AcceptSAML implements signin.Providers.
func (p *SignInProvider) AcceptSAML(ctx context.Context, id vpn.SAMLProviderID, form url.Values, requestID string) (vpn.SAMLAnswer, int, error) {
	if served := p.realOf(ctx, id); served != nil {
		return served.AcceptSAML(ctx, id, form, requestID)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failure != nil {
		return vpn.SAMLAnswer{}, 1, p.failure
	}
	name := form.Get(answerUser)
	return vpn.SAMLAnswer{User: vpn.ProviderUser{Key: name, Name: name, Groups: []vpn.Group{{ID: "staff", Name: "staff"}}}, AssertionID: form.Get(answerAssertion), SessionEnds: p.ends}, 1, nil
}

// FinishTest implements signin.Tests.
func (p *SignInProvider) FinishTest(ctx context.Context, r vpn.SAMLRequest, form url.Values) (string, error) {
	if served := p.realOf(ctx, r.Provider); served != nil {
		return served.FinishTest(ctx, r, form)
	}
	return "/saml/" + string(r.Provider) + "/test/" + r.Subject, nil
}

// AnswerTo is the form with which the identity provider answers the request in a URL, about a user.
func AnswerTo(redirectURL, user string) url.Values {
	u, err := url.Parse(redirectURL)
	if err != nil {
		return nil
	}
	return url.Values{"RelayState": {u.Query().Get("RelayState")}, answerUser: {user}, answerAssertion: {vpn.NewToken().Reveal()}}
}

// AskBrowser has the site's endpoint be one whose users sign in in a browser; mutual: with a certificate too.
func (s *Site) AskBrowser(mutual bool) vpn.SAMLProvider {
	s.T.Helper()
	ctx := s.T.Context()
	p := vpn.SAMLProvider{ID: vpn.NewSAMLProviderID(), Name: "Corporate IdP", Version: 1, CreatedAt: s.Clock.Now()}
	s.Must(s.Store.Update(ctx, func(tx *store.Tx) error { return tx.CreateSAMLProvider(ctx, p, store.SAMLProviderSecrets{}) }))
	s.askBrowser(p, mutual)
	return p
}

// AskIDP is AskBrowser with a real identity provider, by its metadata.
func (s *Site) AskIDP(metadata []byte) vpn.SAMLProvider {
	s.T.Helper()
	p, err := s.Identity.CreateSAMLProvider(s.T.Context(), s.Admin, vpn.SAMLProviderSpec{Name: "Corporate IdP", Document: string(metadata)})
	s.Must(err)
	s.askBrowser(p, false)
	return p
}

func (s *Site) askBrowser(p vpn.SAMLProvider, mutual bool) {
	s.T.Helper()
	ctx := s.T.Context()
	spec := vpn.EndpointSpec{Name: "people", ClientCIDR: "10.44.0.0/22", Certificate: s.Server.ID, Port: "1195", UserBased: true, UserAuthentication: vpn.FederatedAuthentication, SAML: p.ID, ClientOptions: vpn.DefaultOptions()}
	if mutual {
		spec.Mutual, spec.ClientCA = true, s.CA.ID
	}
	var err error
	s.Endpoint, err = s.Endpoints.CreateEndpoint(ctx, s.Admin, spec)
	s.Must(err)
	s.Association = s.Associate(s.A)
	s.Reconcile()
}

// NewBrowser is a browser at an address that keeps a cookie.
func NewBrowser(addr string) signin.Browser {
	return signin.Browser{Cookie: vpn.NewToken(), Addr: netip.MustParseAddr(addr)}
}

// TokenOf is the token in the link of a waiting client.
func TokenOf(link string) vpn.Secret {
	_, token, _ := strings.Cut(link, "/a/")
	return vpn.Secret(token[:min(len(token), 22)])
}

// SignInBrowser has a person sign in at the identity provider with a browser, up to the page that asks to confirm.
func (s *Site) SignInBrowser(token vpn.Secret, b signin.Browser, user string) signin.View {
	s.T.Helper()
	ctx := s.T.Context()
	redirect, err := s.SignIns.Request(ctx, token, b)
	s.Must(err)
	v, err := s.SignIns.Link(ctx, token, b)
	s.Must(err)
	a, err := s.SignIns.Accept(ctx, v.BrowserSignIn.Provider, AnswerTo(redirect, user), b)
	s.Must(err)
	if a.Path != signin.ConfirmPath(token) {
		s.T.Errorf("the answer leads to %s", a.Path)
	}
	v, err = s.SignIns.Link(ctx, token, b)
	s.Must(err)
	return v
}
