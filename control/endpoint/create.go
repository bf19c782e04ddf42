package endpoint

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// CreateEndpoint makes a Client VPN endpoint in state pending-associate. Fields: name,
// description, client_cidr, certificate, client_ca, transport, listen_addr, port, tags.
func (s *Service) CreateEndpoint(ctx context.Context, by control.Principal, spec vpn.EndpointSpec) (vpn.Endpoint, error) {
	var e vpn.Endpoint
	err := s.core.Change(ctx, by, vpn.CreateClientVpnEndpoint, "", func(tx *store.Tx, a *vpn.AuditRecord) (err error) {
		if e, err = vpn.NewEndpoint(spec, s.core.Now()); err != nil {
			return err
		}
		if err := s.checkNew(ctx, tx, e); err != nil {
			return err
		}
		e.TLSCrypt, e.TokenSecret = s.pki.StaticKey(), s.pki.TokenSecret()
		if err := s.checkEndpoint(ctx, tx, e); err != nil {
			return err
		}
		a.Subject, a.After = string(e.ID), control.Describe(e)
		return tx.CreateEndpoint(ctx, e)
	})
	return e, err
}

// checkNew checks an endpoint that does not exist yet against the settings of the deployment.
func (s *Service) checkNew(ctx context.Context, tx *store.Tx, e vpn.Endpoint) error {
	d, err := s.core.Deployment(ctx, tx)
	if err != nil {
		return err
	}
	if err := e.CheckClientRange(d.PublicClientRanges); err != nil {
		return err
	}
	all, err := tx.AllEndpoints(ctx)
	if err != nil {
		return err
	}
	return d.Quotas.CheckEndpoints(len(all))
}

// checkEndpoint checks an endpoint against the other endpoints and the certificates.
func (s *Service) checkEndpoint(ctx context.Context, tx *store.Tx, e vpn.Endpoint) error {
	all, err := tx.AllEndpoints(ctx)
	if err != nil {
		return err
	}
	if err := e.CheckConflicts(all, s.settings.Reserved...); err != nil {
		return err
	}
	certificates, err := tx.CertificatesByID(ctx, e.Certificate, e.ClientCA)
	if err != nil {
		return err
	}
	var missing vpn.Check
	if _, ok := certificates[e.Certificate]; !ok {
		missing.Bad("certificate", "This certificate does not exist any more; choose another.")
	}
	if _, ok := certificates[e.ClientCA]; !ok {
		missing.Bad("client_ca", "This certificate does not exist any more; choose another.")
	}
	if err := missing.Err(); err != nil {
		return err
	}
	client := certificates[e.ClientCA]
	return e.CheckCertificates(certificates[e.Certificate], client, s.pki.PubliclyTrusted(client.TrustAnchor()), s.core.Now())
}
