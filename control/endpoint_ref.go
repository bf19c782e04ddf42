package control

import (
	"context"
	"fmt"

	"sallyport/store"
	"sallyport/vpn"
)

// EndpointRefs gives each thing's endpoints their names, with one query for all of them.
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

// Observations reads what was reported and says of each report whether it still speaks for now.
func (c *Core) Observations(ctx context.Context, tx *store.Tx, ids ...vpn.EndpointID) (map[vpn.EndpointID]vpn.Observation, error) {
	all, err := tx.Observations(ctx, ids...)
	if err != nil {
		return nil, fmt.Errorf("observations: %w", err)
	}
	for id, o := range all {
		o.Fresh = c.Now().Sub(o.SeenAt) < vpn.ObservationLife && !FromTheFuture(o.SeenAt, c.Now())
		all[id] = o
	}
	return all, nil
}

// IDsOf lists the IDs of things.
func IDsOf[T any, I vpn.ID](items []T, id func(T) I) []I {
	out := make([]I, len(items))
	for i, x := range items {
		out[i] = id(x)
	}
	return out
}

// Plural is "1 subnet" or "2 subnets".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
