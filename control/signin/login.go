package signin

import (
	"context"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

// Begin gives the sign-in at a provider of a login that waits at a node: the one that it has, where the dataplane repeats the login, or a
// new one. Denied where the client cannot do what the sign-in needs.
func (s *Service) Begin(ctx context.Context, provider vpn.SAMLProviderID, r vpn.LoginRequest, node string) (vpn.BrowserSignIn, error) {
	var v vpn.BrowserSignIn
	err := s.core.Update(ctx, func(tx *store.Tx) (err error) {
		v, err = tx.BrowserSignInOfLogin(ctx, node, r.ID)
		if vpn.KindOf(err) != vpn.NotFound {
			return err
		}
		deployment, err := s.core.Deployment(ctx, tx)
		if err != nil {
			return err
		}
		if v, err = vpn.NewBrowserSignIn(provider, r, node, deployment.BrowserCode, s.core.Now()); err != nil {
			return err
		}
		return tx.CreateBrowserSignIn(ctx, v)
	})
	return v, err
}

// End notes that the client was told how its login was decided; gone: it could not be told any more.
func (s *Service) End(ctx context.Context, id vpn.BrowserSignInID, d vpn.LoginDecision, gone bool) error {
	return s.core.Update(ctx, func(tx *store.Tx) error {
		v, err := tx.BrowserSignIn(ctx, id)
		if err != nil {
			return err
		}
		v.End(d, gone)
		return tx.SaveBrowserSignIn(ctx, v)
	})
}

// SignIn reads a sign-in.
func (s *Service) SignIn(ctx context.Context, id vpn.BrowserSignInID) (vpn.BrowserSignIn, error) {
	var v vpn.BrowserSignIn
	err := s.core.View(ctx, func(tx *store.Tx) (err error) { v, err = tx.BrowserSignIn(ctx, id); return err })
	return v, err
}

// DecidedAt lists the logins of a node whose sign-ins were decided and which may wait.
func (s *Service) DecidedAt(ctx context.Context, node string) (logins []string, err error) {
	err = s.core.View(ctx, func(tx *store.Tx) (err error) {
		logins, err = tx.DecidedBrowserSignIns(ctx, node, s.core.Now())
		return err
	})
	return logins, err
}

// Opened tells of sign-ins whether their persons have gone on to the identity provider.
func (s *Service) Opened(ctx context.Context, ids ...vpn.BrowserSignInID) (opened map[string]bool, err error) {
	subjects := make([]string, len(ids))
	for i, id := range ids {
		subjects[i] = string(id)
	}
	err = s.core.View(ctx, func(tx *store.Tx) (err error) { opened, err = tx.WithSAMLRequests(ctx, subjects...); return err })
	return opened, err
}

// Type takes a code that was typed at the client.
func (s *Service) Type(ctx context.Context, id vpn.BrowserSignInID, code vpn.Secret) (v vpn.BrowserSignIn, right bool, err error) {
	err = s.core.Update(ctx, func(tx *store.Tx) (err error) {
		if v, err = tx.BrowserSignIn(ctx, id); err != nil {
			return err
		}
		if right = v.Type(code.Reveal()); right {
			return nil
		}
		return tx.SaveBrowserSignIn(ctx, v)
	})
	return v, right, err
}

// settleWait is how long the page after the confirmation waits for the login to be decided, so that it tells the result.
const settleWait = 3 * time.Second

// Settled reads the sign-in of a link after its person has confirmed, when its login was decided or a moment has passed.
func (s *Service) Settled(ctx context.Context, token vpn.Secret, by Browser) (View, error) {
	ctx, cancel := context.WithTimeout(ctx, settleWait)
	defer cancel()
	look := time.NewTicker(settleWait / 20)
	defer look.Stop()
	for {
		v, err := s.Link(ctx, token, by)
		if err != nil || v.State != vpn.BrowserConfirmed || v.Code != "" {
			return v, err
		}
		select {
		case <-ctx.Done():
			return v, nil
		case <-look.C:
		}
	}
}
