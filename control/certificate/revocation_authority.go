package certificate

import (
	"context"
	"encoding/pem"
	"slices"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Authority is a certificate authority that may have a revocation list: it is kept here, or stands in the chain of a
// certificate that is.
type Authority struct {
	Key  string // KeyDigest of it, which names it
	Name string
	PEM  string
	Kept vpn.Certificate // the authority itself, where it is kept here; the zero value otherwise
}

// Renews tells whether the program signs the authority's list by itself.
func (a Authority) Renews() bool { return a.Kept.HasKey }

// authoritiesOf are the authorities that a list page of a certificate is about: itself where it is one, and otherwise those of its chain, its
// issuer first.
func (s *Service) authoritiesOf(ctx context.Context, tx *store.Tx, id vpn.CertificateID) (vpn.Certificate, []Authority, error) {
	c, err := tx.Certificate(ctx, id)
	if err != nil {
		return c, nil, err
	}
	kept, err := tx.Authorities(ctx)
	if err != nil {
		return c, nil, err
	}
	var out []Authority
	for rest := []byte(c.TrustAnchor()); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		a := Authority{Key: vpn.KeyDigest(block.Bytes), PEM: string(pem.EncodeToMemory(block))}
		facts, err := s.pki.Facts(a.PEM)
		if err != nil {
			return c, nil, err
		}
		a.Name = vpn.PrintableText(facts.CommonName)
		a.Kept = keptOf(kept, a.Key)
		out = append(out, a)
	}
	if len(out) == 0 {
		return c, nil, vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "The authority of certificate "+c.Label()+" is not known: it is kept without its chain.")
	}
	return c, out, nil
}

// authorityOf is the one with a key, or the first where no key is given.
func (s *Service) authorityOf(ctx context.Context, tx *store.Tx, id vpn.CertificateID, key string) (Authority, error) {
	_, all, err := s.authoritiesOf(ctx, tx, id)
	if err != nil {
		return Authority{}, err
	}
	for _, a := range all {
		if key == "" || a.Key == key {
			return a, nil
		}
	}
	return Authority{}, vpn.Refuse(vpn.NotFound, vpn.CodeCRLNotFound, "Certificate "+string(id)+" has no authority with this key.")
}

// keptOf is the kept authority with a key: one whose private key is kept first, and of several the one that ends last, since one that was
// renewed elsewhere is imported beside the former one.
func keptOf(kept []vpn.Certificate, key string) (found vpn.Certificate) {
	for _, c := range kept {
		if c.KeyDigest() == key && (found.ID == "" || c.HasKey && !found.HasKey || c.HasKey == found.HasKey && c.NotAfter.After(found.NotAfter)) {
			found = c
		}
	}
	return found
}

// EndpointsOf are the endpoints that take client certificates of an authority.
func EndpointsOf(ctx context.Context, tx *store.Tx, key string) ([]vpn.EndpointRef, error) {
	endpoints, err := tx.AllEndpoints(ctx)
	if err != nil {
		return nil, err
	}
	certs, err := tx.CertificatesByID(ctx, clientAuthorities(endpoints)...)
	if err != nil {
		return nil, err
	}
	takes := map[vpn.CertificateID]bool{}
	for id, c := range certs {
		for _, k := range vpn.AuthoritiesIn(c.TrustAnchor()) {
			takes[id] = takes[id] || k == key
		}
	}
	var refs []vpn.EndpointRef
	for _, e := range endpoints {
		if slices.ContainsFunc(e.ClientAuthorities(), func(id vpn.CertificateID) bool { return takes[id] }) {
			refs = append(refs, vpn.EndpointRef{ID: e.ID, Name: e.Name})
		}
	}
	return refs, nil
}

// clientAuthorities are the certificates that name the client authorities of endpoints.
func clientAuthorities(endpoints []vpn.Endpoint) (ids []vpn.CertificateID) {
	for _, e := range endpoints {
		ids = append(ids, e.ClientAuthorities()...)
	}
	return ids
}

// RevocationView is the revocation list of an authority with what its page shows.
type RevocationView struct {
	Of        vpn.Certificate // the certificate whose page leads here
	Authority Authority
	Others    []Authority // other authorities of the same chain
	List      vpn.RevocationList
	Present   bool // there is a list
	Endpoints []vpn.EndpointRef
	Entries   vpn.Page[vpn.Revocation]
}

// RevocationList gives the list of an authority with a page of its entries. key chooses among the authorities of the
// certificate's chain; empty: the first.
func (s *Service) RevocationList(ctx context.Context, by control.Principal, id vpn.CertificateID, key string, l vpn.List) (out RevocationView, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeRevocationList, string(id), func(tx *store.Tx) error {
		out, err = s.revocationView(ctx, tx, id, key)
		if err != nil {
			return err
		}
		out.Entries, err = tx.Revocations(ctx, out.Authority.Key, l)
		return err
	})
	return out, err
}

func (s *Service) revocationView(ctx context.Context, tx *store.Tx, id vpn.CertificateID, key string) (out RevocationView, err error) {
	var all []Authority
	if out.Of, all, err = s.authoritiesOf(ctx, tx, id); err != nil {
		return out, err
	}
	if out.Authority, err = s.authorityOf(ctx, tx, id, key); err != nil {
		return out, err
	}
	for _, a := range all {
		if a.Key != out.Authority.Key {
			out.Others = append(out.Others, a)
		}
	}
	switch out.List, err = tx.RevocationList(ctx, out.Authority.Key); {
	case err == nil:
		out.Present = true
	case vpn.KindOf(err) != vpn.NotFound:
		return out, err
	}
	out.Endpoints, err = EndpointsOf(ctx, tx, out.Authority.Key)
	return out, err
}
