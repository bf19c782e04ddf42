package signin

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// maxRequests bounds the requests of one sign-in: each allows one signature to be verified.
const maxRequests = 20

var errManyRequests = vpn.Refuse(vpn.Throttled, vpn.CodeRequestLimitExceeded, "The sign-in was begun too often. Connect with your VPN client again.")

// Request begins a sign-in at the identity provider for the browser, and gives the URL that leads there.
func (s *Service) Request(ctx context.Context, token vpn.Secret, by Browser) (redirectURL string, err error) {
	v, err := s.Link(ctx, token, by)
	if err != nil {
		return "", err
	}
	if !v.Open(s.core.Now()) {
		return "", vpn.ErrBrowserLink
	}
	fewEnough := func(tx *store.Tx) error {
		former, err := tx.SAMLRequestsOf(ctx, string(v.ID))
		if err == nil && len(former) >= maxRequests {
			err = errManyRequests
		}
		return err
	}
	if err := s.core.View(ctx, fewEnough); err != nil { // before a request is made, and signed
		return "", err
	}
	relay := vpn.NewToken()
	id, redirectURL, err := s.providers.RequestSAML(ctx, v.BrowserSignIn.Provider, relay.Reveal())
	if err != nil {
		return "", err
	}
	r := vpn.SAMLRequest{
		ID: id, Relay: vpn.TokenDigest(relay), Provider: v.BrowserSignIn.Provider, Purpose: vpn.SAMLForLogin, Subject: string(v.ID),
		Browser: by.digest(), CreatedAt: s.core.Now(),
	}
	return redirectURL, s.core.Update(ctx, func(tx *store.Tx) error {
		if err := fewEnough(tx); err != nil {
			return err
		}
		return tx.CreateSAMLRequest(ctx, r)
	})
}
