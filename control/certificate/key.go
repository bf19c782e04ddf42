package certificate

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// TakeClientKey returns a client certificate with its private key, once, and the base of its file
// name. This exports the private key, so it is audited as a change.
func (s *Service) TakeClientKey(ctx context.Context, by control.Principal, id vpn.CertificateID) (vpn.KeyPair, string, error) {
	var pair vpn.KeyPair
	var name string
	err := s.core.Change(ctx, by, vpn.ExportClientCertificateKey, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		c, err := tx.Certificate(ctx, id)
		if err != nil {
			return err
		}
		switch {
		case c.Use != vpn.UseClient:
			return vpn.Refuse(vpn.Conflict, vpn.CodeInvalidParameterValue, "Only the private keys of client certificates can be downloaded.")
		case !c.HasKey:
			return vpn.Refuse(vpn.Conflict, vpn.CodeInvalidParameterValue, "The private key of "+c.Label()+" is not kept here.")
		}
		first, err := tx.TakeCertificateKey(ctx, id)
		if err != nil {
			return err
		}
		if !first {
			return vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "The private key of "+c.Label()+" was downloaded before and is given out only once. Issue a new certificate if it was lost.")
		}
		key, err := tx.CertificateKey(ctx, id)
		if err != nil {
			return err
		}
		pair = vpn.KeyPair{Certificate: c.PEM, Chain: c.Chain, Key: key}
		name = c.FileBase()
		return nil
	})
	return pair, name, err
}
