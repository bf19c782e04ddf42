package certificate

import (
	"context"
	"slices"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Certificates lists certificates with the endpoints that use them and the number that each issued.
func (s *Service) Certificates(ctx context.Context, by control.Principal, l vpn.List) (vpn.Page[vpn.CertificateStatus], error) {
	var out vpn.Page[vpn.CertificateStatus]
	err := s.core.Read(ctx, by, vpn.ListCertificates, "", func(tx *store.Tx) error {
		page, err := tx.Certificates(ctx, l)
		if err != nil {
			return err
		}
		ids := vpn.IDsOf(page.Items, func(c vpn.Certificate) vpn.CertificateID { return c.ID })
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
		devices, err := tx.DeviceCounts(ctx, ids...)
		if err != nil {
			return err
		}
		blocked, err := BlocksOf(ctx, tx, page.Items...)
		if err != nil {
			return err
		}
		revoked, err := RevocationsOfCertificates(ctx, tx, page.Items...)
		if err != nil {
			return err
		}
		connected, err := connectedWith(ctx, tx, page.Items)
		if err != nil {
			return err
		}
		logins, err := lastLogins(ctx, tx, ids...)
		if err != nil {
			return err
		}
		out = vpn.MapPage(page, func(c vpn.Certificate) vpn.CertificateStatus {
			return vpn.CertificateStatus{Certificate: c, UsedBy: used[c.ID], Connected: connected[c.ID], Login: logins[c.ID], Issued: issued[c.ID], Devices: devices[c.ID], Blocked: blocked[c.ID], Revoked: revoked[c.ID]}
		})
		return nil
	})
	return out, err
}

// connectedWith are the endpoints where clients are connected with each client certificate.
func connectedWith(ctx context.Context, tx *store.Tx, list []vpn.Certificate) (map[vpn.CertificateID][]vpn.EndpointRef, error) {
	var serials []string
	for _, c := range list {
		if c.Use == vpn.UseClient {
			serials = append(serials, c.Serial)
		}
	}
	live, err := tx.LiveConnectionsBySerial(ctx, serials...)
	if err != nil || len(live) == 0 {
		return nil, err
	}
	at := map[vpn.CertificateID][]vpn.EndpointID{}
	for _, c := range list {
		for _, l := range live {
			if c.Use == vpn.UseClient && l.Live() && vpn.BlockOf(c).IsOfConnection(l) && !slices.Contains(at[c.ID], l.Endpoint) {
				at[c.ID] = append(at[c.ID], l.Endpoint)
			}
		}
	}
	return control.EndpointRefs(ctx, tx, at)
}

// lastLogins are the last logins with certificates, with the names of the endpoints: none where it was deleted.
func lastLogins(ctx context.Context, tx *store.Tx, ids ...vpn.CertificateID) (map[vpn.CertificateID]vpn.CertificateLogin, error) {
	logins, err := tx.CertificateLogins(ctx, ids...)
	if err != nil {
		return nil, err
	}
	var at []vpn.EndpointID
	for _, l := range logins {
		at = append(at, l.Endpoint.ID)
	}
	names, err := tx.EndpointNames(ctx, at...)
	for id, l := range logins {
		name, exists := names[l.Endpoint.ID]
		if l.Endpoint.Name = name; !exists {
			l.Endpoint = vpn.EndpointRef{}
		}
		logins[id] = l
	}
	return logins, err
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
		if err != nil {
			return err
		}
		devices, err := tx.DeviceCounts(ctx, id)
		if err != nil {
			return err
		}
		blocked, err := BlocksOf(ctx, tx, row.Certificate)
		if err != nil {
			return err
		}
		revoked, err := RevocationsOfCertificates(ctx, tx, row.Certificate)
		if err != nil {
			return err
		}
		if row.Use == vpn.UseClient && row.Authority != "" {
			accepting, err := tx.EndpointsUsing(ctx, row.Authority)
			if err != nil {
				return err
			}
			refs, err := control.EndpointRefs(ctx, tx, accepting)
			if err != nil {
				return err
			}
			row.AcceptedBy = refs[row.Authority]
		}
		logins, err := lastLogins(ctx, tx, id)
		if err != nil {
			return err
		}
		row.UsedBy, row.Issued, row.Devices, row.Blocked, row.Revoked, row.Login = used[id], issued[id], devices[id], blocked[id], revoked[id], logins[id]
		if row.Use == vpn.UseClient {
			if row.Namesakes, err = tx.CountNamesakes(ctx, row.Certificate, s.core.Now()); err != nil {
				return err
			}
		}
		signer, err := SignerOf(ctx, tx, row.Certificate)
		if err != nil {
			return err
		}
		deployment, err := s.core.Deployment(ctx, tx)
		row.CanRenew = row.Renewable(signer, s.core.Now()) == nil
		row.RenewsItself = deployment.RenewCertificates && row.CanRenew && row.Use == vpn.UseServer
		return err
	})
	return row, err
}

// DeleteCertificate removes a certificate and its key. Conflict while an endpoint uses it, and while a
// certificate that it issued is kept.
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
