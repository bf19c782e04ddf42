package control

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// EndpointRefs adds the names to the endpoints of each key, with one query for all of them.
func EndpointRefs[K comparable](ctx context.Context, tx *store.Tx, of map[K][]vpn.EndpointID) (map[K][]vpn.EndpointRef, error) {
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
