package runner

import (
	"context"

	"sallyport/control/certificate"
	"sallyport/store"
	"sallyport/vpn"
)

// renewLists signs the revocation lists that are due, and warns of those that end.
func (s *Runner) renewLists(ctx context.Context) {
	if s.certificates == nil {
		return
	}
	if err := s.certificates.RenewLists(ctx); err != nil && vpn.KindOf(err) != vpn.Unavailable && ctx.Err() == nil {
		s.core.Log.ErrorContext(ctx, "a certificate revocation list was not signed", "err", errorChain(err))
	}
	s.certificates.WarnOfLists(ctx)
}

// endRevoked ends what is left of certificates that are revoked: a change and a login are in transactions of their own, so that nothing
// should be.
func (s *Runner) endRevoked(ctx context.Context) error {
	left := false
	err := s.core.View(ctx, func(tx *store.Tx) (err error) {
		left, err = certificate.AnyRevoked(ctx, tx, s.core.Now())
		return err
	})
	if err != nil || !left {
		return err
	}
	return s.core.Update(ctx, func(tx *store.Tx) error { return certificate.EndRevoked(ctx, tx, s.core.Now()) })
}
