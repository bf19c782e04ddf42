package control

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// endpointRefs gives each thing's endpoints their names, with one query for all of them.
func endpointRefs[K comparable](ctx context.Context, tx *store.Tx, of map[K][]vpn.EndpointID) (map[K][]vpn.EndpointRef, error) {
	var ids []vpn.EndpointID
	for _, list := range of {
		ids = append(ids, list...)
	}
	names, err := tx.EndpointNames(ctx, ids...)
	if err != nil {
		return nil, err
	}
	out := make(map[K][]vpn.EndpointRef, len(of))
	for k, list := range of {
		for _, id := range list {
			out[k] = append(out[k], vpn.EndpointRef{ID: id, Name: names[id]})
		}
	}
	return out, nil
}

// EndpointNames gives the names of endpoints; those without one, and those that are gone, are absent
// or empty.
func (s *Service) EndpointNames(ctx context.Context, by Principal, ids ...vpn.EndpointID) (names map[vpn.EndpointID]string, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnEndpoints, "", func(tx *store.Tx) error { names, err = tx.EndpointNames(ctx, ids...); return err })
	return names, err
}
