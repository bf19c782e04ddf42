package certificate

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// ExportAuthorityKey gives the private key of an authority that is kept here, and the base of a file name. The key stays until
// ForgetAuthorityKey. It is audited as a change.
func (s *Service) ExportAuthorityKey(ctx context.Context, by control.Principal, id vpn.CertificateID) (pair vpn.KeyPair, name string, err error) {
	err = s.core.Change(ctx, by, vpn.ExportAuthorityKey, string(id), func(tx *store.Tx, _ *vpn.AuditRecord) error {
		c, err := ownAuthority(ctx, tx, id)
		if err != nil {
			return err
		}
		key, err := tx.CertificateKey(ctx, id)
		pair, name = vpn.KeyPair{Certificate: c.PEM, Key: key}, c.FileBase()
		return err
	})
	return pair, name, err
}

// ForgetAuthorityKey removes the private key of an authority. The key that was exported is given as proof that it is
// kept elsewhere. A last revocation list is signed with it. Field: private_key.
func (s *Service) ForgetAuthorityKey(ctx context.Context, by control.Principal, id vpn.CertificateID, exported string) error {
	return s.core.Change(ctx, by, vpn.ForgetAuthorityKey, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		c, err := ownAuthority(ctx, tx, id)
		if err != nil {
			return err
		}
		key, err := s.pki.CheckAuthorityKey(c.PEM, exported)
		if err != nil {
			return err
		}
		a.Before = control.Describe(c)
		list, err := tx.RevocationList(ctx, c.KeyDigest())
		if err != nil && vpn.KindOf(err) != vpn.NotFound {
			return err
		}
		if !list.Imported {
			err := s.sign(ctx, tx, Authority{Key: c.KeyDigest(), Name: c.CommonName, PEM: c.PEM, Kept: c}, key, by.Name, true)
			if err != nil && vpn.KindOf(err) != vpn.Conflict { // it may not sign lists, or has expired
				return err
			}
		}
		return tx.DeleteCertificateKey(ctx, id)
	})
}

func ownAuthority(ctx context.Context, tx *store.Tx, id vpn.CertificateID) (vpn.Certificate, error) {
	c, err := tx.Certificate(ctx, id)
	switch {
	case err != nil:
		return c, err
	case c.Use != vpn.UseAuthority:
		return c, vpn.Refuse(vpn.Conflict, vpn.CodeInvalidParameterValue, c.Label()+" is not a certificate authority.")
	case !c.HasKey:
		return c, vpn.Refuse(vpn.Conflict, vpn.CodeInvalidParameterValue, "The private key of "+c.Label()+" is not kept here.")
	}
	return c, nil
}
