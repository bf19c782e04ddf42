package control

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// choices is how many entries a selection offers at most; a form with more has a search of its own.
const choices = vpn.MaxPageSize

// CertificateChoices is what a selection of certificates offers.
type CertificateChoices struct {
	List []vpn.Certificate // newest first
	More bool              // there are others: a search finds them
}

// chooseCertificates lists the newest certificates that match and are usable, and whatever is chosen already.
func chooseCertificates(ctx context.Context, tx *store.Tx, filter map[string]string, find string, usable func(vpn.Certificate) bool, keep ...vpn.CertificateID) (CertificateChoices, error) {
	page, err := tx.Certificates(ctx, vpn.List{Filter: filter, Search: find, Sort: "created_at", Desc: true, Size: choices})
	if err != nil {
		return CertificateChoices{}, err
	}
	out := CertificateChoices{More: page.Total > len(page.Items)}
	kept, err := tx.CertificatesByID(ctx, keep...)
	if err != nil {
		return out, err
	}
	for _, c := range page.Items {
		delete(kept, c.ID)
		if usable(c) {
			out.List = append(out.List, c)
		}
	}
	for _, id := range keep {
		if c, ok := kept[id]; ok && filter["use"] == string(c.Use) && usable(c) {
			out.List = append(out.List, c)
			delete(kept, id)
		}
	}
	return out, nil
}

// Authorities lists the authorities that can issue certificates here.
func (s *Service) Authorities(ctx context.Context, by Principal, find string, keep ...vpn.CertificateID) (out CertificateChoices, err error) {
	err = s.core.Read(ctx, by, vpn.ListCertificates, "", func(tx *store.Tx) error {
		out, err = chooseCertificates(ctx, tx, map[string]string{"use": string(vpn.UseAuthority)}, find, s.withKey, keep...)
		return err
	})
	return out, err
}

// withKey tells whether a certificate can be used with its key here and now.
func (s *Service) withKey(c vpn.Certificate) bool { return c.HasKey && !c.Expired(s.core.Now()) }

// ClientCertificates lists the issued client certificates that could be put into the endpoint's
// configuration file: their key is kept and the endpoint accepts their issuer.
func (s *Service) ClientCertificates(ctx context.Context, by Principal, id vpn.EndpointID, find string, keep ...vpn.CertificateID) (out CertificateChoices, err error) {
	err = s.core.Read(ctx, by, vpn.ListCertificates, "", func(tx *store.Tx) error {
		e, err := tx.Endpoint(ctx, id)
		if err != nil {
			return err
		}
		authority, err := clientAuthority(ctx, tx, e)
		if err != nil || authority == "" {
			return err
		}
		filter := map[string]string{"use": string(vpn.UseClient), "authority": string(authority)}
		usable := func(c vpn.Certificate) bool { return c.HasKey && !c.Expired(s.core.Now()) && c.Authority == authority }
		out, err = chooseCertificates(ctx, tx, filter, find, usable, keep...)
		return err
	})
	return out, err
}

// EndpointChoices is what the form for an endpoint offers.
type EndpointChoices struct {
	Servers     CertificateChoices
	Authorities CertificateChoices
	FreePort    uint16
}

// EndpointChoices lists the certificates an endpoint can have and proposes a free port.
func (s *Service) EndpointChoices(ctx context.Context, by Principal, find string, keep ...vpn.CertificateID) (EndpointChoices, error) {
	var out EndpointChoices
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnEndpoints, "", func(tx *store.Tx) (err error) {
		valid := func(c vpn.Certificate) bool { return !c.Expired(s.core.Now()) }
		if out.Servers, err = chooseCertificates(ctx, tx, map[string]string{"use": string(vpn.UseServer)}, find, s.withKey, keep...); err != nil {
			return err
		}
		if out.Authorities, err = chooseCertificates(ctx, tx, map[string]string{"use": string(vpn.UseAuthority)}, find, valid, keep...); err != nil {
			return err
		}
		all, err := tx.AllEndpoints(ctx)
		out.FreePort = vpn.FreePort(vpn.UDP, all, s.settings.Reserved...)
		return err
	})
	return out, err
}
