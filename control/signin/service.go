// Package signin holds the use cases of sign-ins in a browser: a VPN client opens a link, the person signs in at a SAML
// identity provider and confirms that the connection is theirs. Each step is a row of the database, so that any web process
// may serve the next one. Package identity has the providers themselves, package runner the logins that wait.
package signin

import (
	"cmp"
	"context"
	"net/netip"
	"net/url"
	"strings"

	"sallyport/control"
	"sallyport/control/turn"
	"sallyport/store"
	"sallyport/vpn"
)

// Providers are the SAML identity providers. NotFound where there is no such provider.
type Providers interface {
	// RequestSAML makes a request, which redirectURL carries to the identity provider together with relayState.
	RequestSAML(ctx context.Context, id vpn.SAMLProviderID, relayState string) (requestID, redirectURL string, err error)
	// AcceptSAML verifies an answer to a request. version is that of the provider's settings. Denied, with the code of the
	// reason and a sentence for an administrator, where the answer proves no user.
	AcceptSAML(ctx context.Context, id vpn.SAMLProviderID, form url.Values, requestID string) (answer vpn.SAMLAnswer, version int, err error)
}

// Tests takes the answers to the requests of tests.
type Tests interface {
	// FinishTest judges the answer to a test's request, which is used up, and gives the path of the page that continues.
	FinishTest(ctx context.Context, r vpn.SAMLRequest, form url.Values) (path string, err error)
}

// Portal takes the answers to the requests of the self-service portal.
type Portal interface {
	// FinishPortal judges an answer, whose request is used up, and begins a session. path is that of the page that continues;
	// with an error, where the person may begin again.
	FinishPortal(ctx context.Context, r vpn.SAMLRequest, form url.Values, from netip.Addr, request string) (token vpn.Secret, path string, err error)
}

// Service is the use cases of sign-ins in a browser.
type Service struct {
	core      *control.Core
	providers Providers
	tests     Tests
	portal    Portal
	answers   turn.Sources  // to be verified
	refusals  pace          // of answers that belong to no request
	decided   chan struct{} // has room for one wake-up of the runner
}

// New makes the use cases. tests may be nil: then there are none.
func New(core *control.Core, providers Providers, tests Tests, portal Portal) *Service {
	return &Service{core: core, providers: providers, tests: tests, portal: portal, decided: make(chan struct{}, 1), answers: turn.Sources{OfOne: answersOfSource, OfAll: answersOfAll}}
}

// Decided receives a value when a person of this process has decided since the last one. Another process may have taken
// another person's decision: the database tells.
func (s *Service) Decided() <-chan struct{} { return s.decided }

func (s *Service) wake() {
	select {
	case s.decided <- struct{}{}:
	default:
	}
}

// Browser is who asks for a page.
type Browser struct {
	Cookie vpn.Secret // of the sign-in; empty: it has none
	Addr   netip.Addr
	// Request is the ID of the request.
	Request string
}

// digest names the browser in rows; "" where it has no cookie.
func (b Browser) digest() string {
	if b.Cookie == "" {
		return ""
	}
	return vpn.TokenDigest(b.Cookie)
}

// View is a sign-in as its pages show it.
type View struct {
	vpn.BrowserSignIn
	Endpoint vpn.Endpoint
	Provider string // as lists call the identity provider
	Strict   bool   // a browser with another address than the client is refused
}

// linkLength is that of a token: other texts are not looked up.
const linkLength = 22

// Link reads the sign-in of a link for the pages that lead to it and end it. NotFound, with one answer, where the link is
// unknown, or the sign-in is over and this browser had no part in it.
func (s *Service) Link(ctx context.Context, token vpn.Secret, by Browser) (View, error) {
	var v View
	if len(token) != linkLength {
		return v, vpn.ErrBrowserLink
	}
	err := s.core.View(ctx, func(tx *store.Tx) (err error) {
		if v.BrowserSignIn, err = tx.BrowserSignInByToken(ctx, token); err != nil {
			return err
		}
		return s.complete(ctx, tx, &v)
	})
	switch {
	case vpn.KindOf(err) == vpn.NotFound:
		return View{}, vpn.ErrBrowserLink
	case err != nil:
		return View{}, err
	case !v.Open(s.core.Now()) && !v.SameBrowser(by.digest()):
		return View{}, vpn.ErrBrowserLink
	}
	return v, nil
}

func (s *Service) complete(ctx context.Context, tx *store.Tx, v *View) (err error) {
	if v.Endpoint, err = tx.Endpoint(ctx, v.Login.Endpoint); err != nil {
		return err
	}
	deployment, err := s.core.Deployment(ctx, tx)
	if err != nil {
		return err
	}
	v.Strict = deployment.BrowserSameAddress
	provider, err := tx.SAMLProvider(ctx, v.BrowserSignIn.Provider)
	v.Provider = cmp.Or(provider.Name, string(provider.ID))
	return err
}

// URL is the link of a sign-in.
func (s *Service) URL(v vpn.BrowserSignIn) string {
	return strings.TrimSuffix(s.core.Settings.PublicURL, "/") + Path(v.Token)
}

// Path is that of the link of a sign-in.
func Path(token vpn.Secret) string { return "/a/" + token.Reveal() }

// ConfirmPath is that of the page that asks to confirm.
func ConfirmPath(token vpn.Secret) string { return Path(token) + "/confirm" }
