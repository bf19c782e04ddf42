package endpoint

import (
	"context"

	"sallyport/control"
	"sallyport/control/certificate"
	"sallyport/store"
	"sallyport/vpn"
)

// ClientList is the revocation list that is in force for the clients of an endpoint.
type ClientList struct {
	List    vpn.RevocationList
	Present bool
	Renews  bool              // the program renews it
	Shared  []vpn.EndpointRef // the other endpoints that obey it
}

// ClientList gives the revocation list of the authority that an endpoint takes client certificates of. Of several authorities in
// its chain it is that of the issuer.
func (s *Service) ClientList(ctx context.Context, by control.Principal, id vpn.EndpointID) (out ClientList, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeRevocationList, string(id), func(tx *store.Tx) error {
		e, err := tx.Endpoint(ctx, id)
		if err != nil || !e.Mutual() {
			return err
		}
		ca, err := tx.Certificate(ctx, e.ClientCA)
		if err != nil {
			return err
		}
		key := ca.ClientAuthorityKey()
		all, err := certificate.EndpointsOf(ctx, tx, key)
		if err != nil {
			return err
		}
		for _, r := range all {
			if r.ID != id {
				out.Shared = append(out.Shared, r)
			}
		}
		out.List, err = tx.RevocationList(ctx, key)
		if vpn.KindOf(err) == vpn.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		out.Present = true
		kept, err := tx.Authorities(ctx)
		for _, c := range kept {
			out.Renews = out.Renews || !out.List.Imported && c.HasKey && c.KeyDigest() == key
		}
		return err
	})
	return out, err
}
