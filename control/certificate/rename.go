package certificate

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// RenameCertificate gives a certificate another name in lists; the certificate itself stays. was is the name that the form was
// filled with. Field: name. Stale where another administrator saved another one since.
func (s *Service) RenameCertificate(ctx context.Context, by control.Principal, id vpn.CertificateID, was, name string) (vpn.Certificate, error) {
	var c vpn.Certificate
	err := s.core.Change(ctx, by, vpn.RenameCertificate, string(id), func(tx *store.Tx, a *vpn.AuditRecord) (err error) {
		if c, err = tx.LockCertificate(ctx, id); err != nil {
			return err
		}
		a.Before = control.Describe(c.Name)
		if err := c.Rename(was, name); err != nil {
			return err
		}
		a.After = control.Describe(c.Name)
		return tx.RenameCertificate(ctx, c)
	})
	return c, err
}
