package signin

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// Confirm takes what the person says on the page that names the user and the client: that the connection is theirs, or that
// it is not. request is the one whose answer the page showed.
func (s *Service) Confirm(ctx context.Context, token vpn.Secret, yes bool, request string, by Browser) error {
	if len(token) != linkLength {
		return vpn.ErrBrowserLink
	}
	var v vpn.BrowserSignIn
	err := s.core.Update(ctx, func(tx *store.Tx) error {
		var err error
		if v, err = tx.BrowserSignInByToken(ctx, token); err != nil {
			return err
		}
		deployment, err := s.core.Deployment(ctx, tx)
		if err != nil {
			return err
		}
		answer := vpn.BrowserAnswer{Yes: yes, Request: request, Browser: by.digest(), From: by.Addr}
		if err := v.Confirm(answer, deployment.BrowserSameAddress, s.core.Now()); err != nil {
			return err
		}
		return tx.SaveBrowserSignIn(ctx, v)
	})
	if vpn.KindOf(err) == vpn.NotFound {
		return vpn.ErrBrowserLink
	}
	if err != nil {
		return err
	}
	s.core.Log.InfoContext(ctx, "a sign-in in a browser was decided", "state", v.State, "endpoint", v.Login.Endpoint, "device", v.Login.Device.String(), "browser", by.Addr.String(),
		"user", vpn.PrintableText(v.User.Name), "reference", v.Login.Reference())
	s.wake()
	return nil
}
