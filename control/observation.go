package control

import (
	"context"
	"fmt"
	"slices"

	"sallyport/store"
	"sallyport/vpn"
)

// Observations reads what the dataplanes reported of endpoints, with Fresh set: the report is recent
// enough to show the present state. Faults has the doubts about ways to target networks too.
func (c *Core) Observations(ctx context.Context, tx *store.Tx, ids ...vpn.EndpointID) (map[vpn.EndpointID]vpn.Observation, error) {
	all, err := tx.Observations(ctx, ids...)
	if err != nil {
		return nil, fmt.Errorf("observations: %w", err)
	}
	tests, err := testsOfDoubtful(ctx, tx, all)
	if err != nil {
		return nil, fmt.Errorf("tests of target networks: %w", err)
	}
	for id, o := range all {
		doubts := o.Doubts(tests)
		o.Faults, o.Untested = append(o.Faults, doubts...), len(doubts)
		o.Fresh = c.Now().Sub(o.SeenAt) < vpn.ObservationLife && !FromTheFuture(o.SeenAt, c.Now())
		all[id] = o
	}
	return all, nil
}

// testsOfDoubtful reads the last tests of the target networks to which a way is doubtful.
func testsOfDoubtful(ctx context.Context, tx *store.Tx, observed map[vpn.EndpointID]vpn.Observation) (map[vpn.AssociationID]vpn.Probe, error) {
	var endpoints []vpn.EndpointID
	for id, o := range observed {
		if slices.ContainsFunc(o.Ways, vpn.Way.Doubtful) {
			endpoints = append(endpoints, id)
		}
	}
	if len(endpoints) == 0 {
		return nil, nil
	}
	associations, err := tx.AssociationsOf(ctx, endpoints...)
	if err != nil {
		return nil, err
	}
	tests, err := tx.Probes(ctx, vpn.IDsOf(associations, func(a vpn.Association) vpn.SubnetID { return a.Subnet })...)
	out := map[vpn.AssociationID]vpn.Probe{}
	for _, a := range associations {
		if p, tested := tests[a.Subnet]; tested {
			out[a.ID] = p
		}
	}
	return out, err
}
