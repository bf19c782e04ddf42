package certificate

import (
	"context"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Ending is a certificate that ends soon, or has ended, with the endpoints that need it.
type Ending struct {
	vpn.Certificate
	UsedBy []vpn.EndpointRef
}

// Ending lists the certificates of servers and authorities that endpoints use and that end within
// vpn.ExpiryWarning or have ended, the first to end first. Those that renew themselves before are left out until it is late.
// It is for the program's own pages, which have asked for permission.
func (s *Service) Ending(ctx context.Context) ([]Ending, error) {
	var out []Ending
	err := s.core.View(ctx, func(tx *store.Tx) error {
		deployment, err := s.core.Deployment(ctx, tx)
		if err != nil {
			return err
		}
		now := s.core.Now()
		used, err := tx.CertificatesInUse(ctx, now.Add(vpn.ExpiryWarning))
		if err != nil {
			return err
		}
		ids := vpn.IDsOf(used, func(c vpn.Certificate) vpn.CertificateID { return c.ID })
		using, err := tx.EndpointsUsing(ctx, ids...)
		if err != nil {
			return err
		}
		endpoints, err := control.EndpointRefs(ctx, tx, using)
		if err != nil {
			return err
		}
		for _, c := range used {
			signer, err := SignerOf(ctx, tx, c)
			if err != nil {
				return err
			}
			_, itself := c.RenewsItself(signer, now)
			if itself && deployment.RenewCertificates && now.Before(c.NotAfter.Add(-vpn.RenewalLate)) || c.Use == vpn.UseServer && now.Before(c.RenewsFrom()) {
				continue
			}
			out = append(out, Ending{c, endpoints[c.ID]})
		}
		return nil
	})
	return out, err
}

// WarnOfEnding writes a line to the log for each certificate that reached a stage before its end (vpn.ExpiryStage) within the last
// hour: it is called once an hour.
func (s *Service) WarnOfEnding(ctx context.Context) error {
	list, err := s.Ending(ctx)
	for _, c := range list {
		if step, reached := vpn.ExpiryStepWithin(time.Hour, c.NotAfter, s.core.Now()); reached {
			s.core.Log.WarnContext(ctx, "a certificate that endpoints use ends soon", "certificate", c.ID, "name", c.Label(), "days", step, "end", c.NotAfter, "endpoints", c.UsedBy)
		}
	}
	return err
}
