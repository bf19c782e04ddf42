package control

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// Certificates lists certificates.
func (s *Service) Certificates(ctx context.Context, by Principal, l vpn.List) (vpn.Page[vpn.CertificateStatus], error) {
	var out vpn.Page[vpn.CertificateStatus]
	err := s.core.Read(ctx, by, vpn.ListCertificates, "", func(tx *store.Tx) error {
		page, err := tx.Certificates(ctx, l)
		if err != nil {
			return err
		}
		ids := idsOf(page.Items, func(c vpn.Certificate) vpn.CertificateID { return c.ID })
		using, err := tx.EndpointsUsing(ctx, ids...)
		if err != nil {
			return err
		}
		used, err := endpointRefs(ctx, tx, using)
		if err != nil {
			return err
		}
		issued, err := tx.IssuedCounts(ctx, ids...)
		if err != nil {
			return err
		}
		out = mapPage(page, func(c vpn.Certificate) vpn.CertificateStatus {
			return vpn.CertificateStatus{Certificate: c, UsedBy: used[c.ID], Issued: issued[c.ID]}
		})
		return nil
	})
	return out, err
}

// Certificate gives one certificate.
func (s *Service) Certificate(ctx context.Context, by Principal, id vpn.CertificateID) (vpn.CertificateStatus, error) {
	var row vpn.CertificateStatus
	err := s.core.Read(ctx, by, vpn.DescribeCertificate, string(id), func(tx *store.Tx) (err error) {
		if row.Certificate, err = tx.Certificate(ctx, id); err != nil {
			return err
		}
		using, err := tx.EndpointsUsing(ctx, id)
		if err != nil {
			return err
		}
		used, err := endpointRefs(ctx, tx, using)
		if err != nil {
			return err
		}
		issued, err := tx.IssuedCounts(ctx, id)
		row.UsedBy, row.Issued = used[id], issued[id]
		return err
	})
	return row, err
}
