package certificate

import (
	"context"
	"errors"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// renewing is the program when it renews a certificate.
var renewing = control.SystemPrincipal("renewal of server certificates")

// RenewDue renews the server certificates that endpoints use, that an authority kept here issued and that end soon, where
// the setting says so. Where several processes do it, one of them renews each. One that cannot be renewed does not hold up the others.
func (s *Service) RenewDue(ctx context.Context) error {
	var due []vpn.Certificate
	err := s.core.View(ctx, func(tx *store.Tx) error {
		deployment, err := s.core.Deployment(ctx, tx)
		if err != nil || !deployment.RenewCertificates {
			return err
		}
		used, err := tx.ServerCertificatesInUse(ctx)
		if err != nil {
			return err
		}
		revoked, err := RevocationsOfCertificates(ctx, tx, used...)
		if err != nil {
			return err
		}
		for _, c := range used {
			if revoked[c.ID] != nil { // an administrator decides what takes its place
				continue
			}
			if signer, err := SignerOf(ctx, tx, c); err != nil {
				return err
			} else if _, now := c.RenewsItself(signer, s.core.Now()); now {
				due = append(due, c)
			}
		}
		return nil
	})
	failures := []error{err}
	for _, c := range due {
		failures = append(failures, s.renewDue(ctx, c))
	}
	return errors.Join(failures...)
}

func (s *Service) renewDue(ctx context.Context, c vpn.Certificate) error {
	var authority, old vpn.KeyPair
	var renewed renewal
	changed := false
	err := s.core.Change(ctx, renewing, vpn.RenewCertificate, string(c.ID), func(tx *store.Tx, a *vpn.AuditRecord) error {
		now, err := tx.LockCertificate(ctx, c.ID)
		if err != nil {
			return err
		}
		signer, err := SignerOf(ctx, tx, now)
		if err != nil {
			return err
		}
		valid, due := now.RenewsItself(signer, s.core.Now())
		if !due { // another process has renewed it
			return errRenewedMeanwhile
		}
		authority, old = vpn.KeyPair{Certificate: signer.PEM, Chain: signer.Chain}, vpn.KeyPair{Certificate: now.PEM, Chain: now.Chain}
		if authority.Key, err = tx.CertificateKey(ctx, signer.ID); err != nil {
			return err
		}
		if old.Key, err = tx.CertificateKey(ctx, now.ID); err != nil {
			return err
		}
		pair, err := s.pki.Renew(authority, old, "", valid, s.core.Now()) // with its key, so that a signature is all it takes
		if err != nil {
			return err
		}
		facts, err := s.pki.Facts(pair.Certificate)
		if err != nil {
			return err
		}
		renewed = renewal{now, now.Renewed(pair, facts), pair}
		_, ids, err := s.concerned(ctx, tx, renewed)
		if err != nil {
			return err
		}
		a.Before, a.After, changed = control.Describe(now), control.Describe(renewed.renewed), true
		return rollOut(ctx, tx, renewed, ids)
	})
	switch {
	case errors.Is(err, errRenewedMeanwhile):
		return nil
	case err == nil && changed:
		s.core.Log.InfoContext(ctx, "server certificate renewed itself", "certificate", c.ID, "name", c.Label(), "until", renewed.renewed.NotAfter)
	}
	return err
}
