package store

import (
	"context"
	"math"

	"sallyport/vpn"
)

// DropRemoved deletes the associations, rules and routes of an endpoint whose removal is part of
// the applied generation, and returns the number of rows. Routes and rules go first: an association
// takes its routes with it, and they would not be counted then.
func (t *Tx) DropRemoved(ctx context.Context, id vpn.EndpointID, applied uint64) (int, error) {
	upTo := int64(min(applied, math.MaxInt64))
	gone := 0
	for _, part := range []struct {
		row  any
		noun noun
	}{{&routeRow{}, routeNoun}, {&ruleRow{}, ruleNoun}, {&associationRow{}, associationNoun}} {
		g := t.on(ctx).Where("endpoint_id = ? AND removed <> 0 AND removed <= ?", clean(string(id)), upTo).Delete(part.row)
		if g.Error != nil {
			return gone, part.noun.read(g.Error, string(id))
		}
		gone += int(g.RowsAffected)
	}
	return gone, nil
}
