package certificate

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Certificates lists certificates.
func (s *Service) Certificates(ctx context.Context, by control.Principal, l vpn.List) (vpn.Page[vpn.CertificateStatus], error) {
	var out vpn.Page[vpn.CertificateStatus]
	err := s.core.Read(ctx, by, vpn.ListCertificates, "", func(tx *store.Tx) error {
		page, err := tx.Certificates(ctx, l)
		if err != nil {
			return err
		}
		ids := control.IDsOf(page.Items, func(c vpn.Certificate) vpn.CertificateID { return c.ID })
		using, err := tx.EndpointsUsing(ctx, ids...)
		if err != nil {
			return err
		}
		used, err := control.EndpointRefs(ctx, tx, using)
		if err != nil {
			return err
		}
		issued, err := tx.IssuedCounts(ctx, ids...)
		if err != nil {
			return err
		}
		out = vpn.MapPage(page, func(c vpn.Certificate) vpn.CertificateStatus {
			return vpn.CertificateStatus{Certificate: c, UsedBy: used[c.ID], Issued: issued[c.ID]}
		})
		return nil
	})
	return out, err
}

// Certificate gives one certificate.
func (s *Service) Certificate(ctx context.Context, by control.Principal, id vpn.CertificateID) (vpn.CertificateStatus, error) {
	var row vpn.CertificateStatus
	err := s.core.Read(ctx, by, vpn.DescribeCertificate, string(id), func(tx *store.Tx) (err error) {
		if row.Certificate, err = tx.Certificate(ctx, id); err != nil {
			return err
		}
		using, err := tx.EndpointsUsing(ctx, id)
		if err != nil {
			return err
		}
		used, err := control.EndpointRefs(ctx, tx, using)
		if err != nil {
			return err
		}
		issued, err := tx.IssuedCounts(ctx, id)
		row.UsedBy, row.Issued = used[id], issued[id]
		return err
	})
	return row, err
}

// DeleteCertificate removes a certificate and its key, unless an endpoint uses it or another
// certificate was issued by it and is still kept.
func (s *Service) DeleteCertificate(ctx context.Context, by control.Principal, id vpn.CertificateID) error {
	return s.core.Change(ctx, by, vpn.DeleteCertificate, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		c, err := tx.Certificate(ctx, id)
		if err != nil {
			return err
		}
		used, err := tx.EndpointsUsing(ctx, id)
		if err != nil {
			return err
		}
		names, err := control.EndpointRefs(ctx, tx, used)
		if err != nil {
			return err
		}
		issued, err := tx.IssuedCounts(ctx, id)
		if err != nil {
			return err
		}
		switch {
		case len(used[id]) > 0:
			return vpn.Refuse(vpn.Conflict, vpn.CodeResourceInUse, "Certificate "+c.Label()+" is used by endpoint "+names[id][0].Label()+". Choose another certificate there, or delete the endpoint, first.")
		case issued[id] > 0:
			return vpn.Refuse(vpn.Conflict, vpn.CodeResourceInUse, "Authority "+c.Label()+" issued "+control.Plural(issued[id], "certificate")+" kept here. Delete those first.")
		}
		a.Before = control.Describe(c)
		return tx.DeleteCertificate(ctx, id)
	})
}
