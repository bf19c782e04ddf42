package control

import (
	"context"
	"fmt"

	"sallyport/store"
	"sallyport/vpn"
)

// Observations reads what the dataplanes reported of endpoints, with Fresh set: the report is recent
// enough to show the present state.
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
