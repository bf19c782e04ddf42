package endpoint

import (
	"context"
	"slices"

	"sallyport/control"
	"sallyport/control/certificate"
	"sallyport/store"
	"sallyport/vpn"
)

// ClientList is the revocation list of a client authority of an endpoint.
type ClientList struct {
	CA      vpn.Certificate // that names the authority
	List    vpn.RevocationList
	Present bool
	Renews  bool              // the program renews it
	Shared  []vpn.EndpointRef // the other endpoints that obey it
}

// ClientLists gives the revocation list of each authority that an endpoint takes client certificates of, the first one first. Of several
// authorities in a chain it is that of the issuer.
func (s *Service) ClientLists(ctx context.Context, by control.Principal, id vpn.EndpointID) (out []ClientList, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeRevocationList, string(id), func(tx *store.Tx) error {
		e, err := tx.Endpoint(ctx, id)
		if err != nil || !e.Mutual() {
			return err
		}
		kept, err := tx.Authorities(ctx)
		if err != nil {
			return err
		}
		for _, ca := range e.ClientAuthorities() {
			l, err := clientList(ctx, tx, id, ca, kept)
			if err != nil {
				return err
			}
			out = append(out, l)
		}
		return nil
	})
	return out, err
}

func clientList(ctx context.Context, tx *store.Tx, id vpn.EndpointID, authority vpn.CertificateID, kept []vpn.Certificate) (out ClientList, err error) {
	if out.CA, err = tx.Certificate(ctx, authority); err != nil {
		return out, err
	}
	key := out.CA.ClientAuthorityKey()
	if out.Shared, err = certificate.EndpointsOf(ctx, tx, key); err != nil {
		return out, err
	}
	out.Shared = slices.DeleteFunc(out.Shared, func(r vpn.EndpointRef) bool { return r.ID == id })
	out.List, err = tx.RevocationList(ctx, key)
	if vpn.KindOf(err) == vpn.NotFound {
		return out, nil
	}
	out.Present = err == nil
	for _, c := range kept {
		out.Renews = out.Renews || !out.List.Imported && c.HasKey && c.KeyDigest() == key
	}
	return out, err
}
