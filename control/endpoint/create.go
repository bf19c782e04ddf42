package endpoint

import (
	"context"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// CreateEndpoint makes a Client VPN endpoint in state pending-associate. Fields: name,
// description, client_cidr, certificate, mutual, client_ca, user_authentication, directory, saml, portal_saml, transport, listen_addr, port, network, tags.
func (s *Service) CreateEndpoint(ctx context.Context, by control.Principal, spec vpn.EndpointSpec) (vpn.Endpoint, error) {
	var e vpn.Endpoint
	if err := s.core.Allow(ctx, by, vpn.CreateClientVpnEndpoint, ""); err != nil {
		return e, err
	}
	d, err := s.Draft(ctx, spec)
	if err != nil {
		return e, err
	}
	err = s.core.Change(ctx, by, vpn.CreateClientVpnEndpoint, "", func(tx *store.Tx, a *vpn.AuditRecord) (err error) {
		e, err = s.CreateDraft(ctx, tx, a, d)
		return err
	})
	return e, err
}

// Draft is a new endpoint that is not stored yet, with what was found wrong with it so far.
type Draft struct {
	endpoint     vpn.Endpoint
	network      vpn.NetworkID // that was chosen; "": none
	typed, place error         // nil: nothing
}

// Draft makes a new endpoint outside of a transaction, because it asks another process about the endpoint's place. Its error is none
// that a form could show.
func (s *Service) Draft(ctx context.Context, spec vpn.EndpointSpec) (Draft, error) {
	e, typed := vpn.NewEndpoint(spec, s.core.Now())
	if kind := vpn.KindOf(typed); typed != nil && kind != vpn.Invalid {
		return Draft{}, typed
	}
	return Draft{e, spec.Network, typed, s.checkPlace(ctx, e)}, nil
}

// CreateDraft stores a draft in the transaction of a change and describes it in its record. The fields of its error are
// those of CreateEndpoint.
func (s *Service) CreateDraft(ctx context.Context, tx *store.Tx, a *vpn.AuditRecord, d Draft) (vpn.Endpoint, error) {
	e := d.endpoint
	// One answer has all that is wrong, whichever check finds it.
	if err := vpn.Together(d.typed, chooseNetwork(ctx, tx, &e, d.network), s.checkNew(ctx, tx, e, d.place), s.checkEndpoint(ctx, tx, e), checkProviders(ctx, tx, e)); err != nil {
		return vpn.Endpoint{}, err
	}
	e.TLSCrypt, e.TokenSecret = s.pki.StaticKey(), s.pki.TokenSecret()
	a.Subject, a.After = string(e.ID), control.Describe(e)
	return e, tx.CreateEndpoint(ctx, e)
}

// placeWait is how long a new endpoint waits for the answer of the dataplane.
const placeWait = 2 * time.Second

// checkPlace asks the dataplane whether the endpoint finds its place on the host. A dataplane that does not answer
// refuses nothing: it checks again before it applies the endpoint.
func (s *Service) checkPlace(ctx context.Context, e vpn.Endpoint) error {
	ctx, cancel := context.WithTimeout(ctx, placeWait)
	defer cancel()
	err := s.dataplane.CheckPlace(ctx, e.Place())
	if len(vpn.FieldsOf(err)) > 0 { // a dataplane of the version before refuses the message as a whole
		return err
	}
	return nil
}

// checkNew checks an endpoint that does not exist yet against what cannot be changed later and the settings of the
// deployment. place is the answer of the host.
func (s *Service) checkNew(ctx context.Context, tx *store.Tx, e vpn.Endpoint, place error) error {
	d, err := s.core.Deployment(ctx, tx)
	if err != nil {
		return err
	}
	all, err := tx.AllEndpoints(ctx)
	if err != nil {
		return err
	}
	networks, err := tx.AllNetworks(ctx)
	if err != nil {
		return err
	}
	return vpn.Together(d.Quotas.CheckEndpoints(len(all)), e.CheckClientRange(d.PublicClientRanges), e.CheckNetworks(networks), e.CheckConflicts(all, s.settings.Reserved...), place)
}

// checkProviders checks that the identity providers of an endpoint exist. Fields: directory, saml, portal_saml.
func checkProviders(ctx context.Context, tx *store.Tx, e vpn.Endpoint) error {
	names, err := tx.ProviderNames(ctx)
	if err != nil {
		return err
	}
	var c vpn.Check
	for _, p := range []struct {
		id          vpn.ProviderID
		field, what string
	}{{e.Directory.Provider(), "directory", "directory"}, {e.SAML.Provider(), "saml", "SAML provider"}, {e.PortalSAML.Provider(), "portal_saml", "SAML provider"}} {
		if _, there := names[p.id]; !there && p.id != "" {
			c.Bad(p.field, "This "+p.what+" does not exist any more; choose another.")
		}
	}
	return c.Err()
}

// checkEndpoint checks an endpoint against the other endpoints and the certificates.
func (s *Service) checkEndpoint(ctx context.Context, tx *store.Tx, e vpn.Endpoint) error {
	all, err := tx.AllEndpoints(ctx)
	if err != nil {
		return err
	}
	certificates, err := tx.CertificatesByID(ctx, e.Certificate, e.ClientCA)
	if err != nil {
		return err
	}
	var missing vpn.Check
	if _, ok := certificates[e.Certificate]; !ok && e.Certificate != "" {
		missing.Bad("certificate", "This certificate does not exist any more; choose another.")
	}
	if _, ok := certificates[e.ClientCA]; !ok && e.Mutual() && !e.OwnAuthority() {
		missing.Bad("client_ca", "This certificate does not exist any more; choose another.")
	}
	client := certificates[e.ClientCA]
	return vpn.Together(e.CheckConflicts(all, s.settings.Reserved...), missing.Err(),
		e.CheckCertificates(certificates[e.Certificate], client, s.pki.PubliclyTrusted(client.TrustAnchor()), s.core.Now()))
}
