package endpoint

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// quotas gives the quotas in force for a change that adds something to an endpoint. The error is a Conflict where too
// many changes of the endpoint wait for the dataplane; the quotas are given all the same, for further checks.
func (s *Service) quotas(ctx context.Context, tx *store.Tx, e vpn.Endpoint) (vpn.Quotas, error) {
	d, err := s.core.Deployment(ctx, tx)
	if err != nil {
		return vpn.Quotas{}, err
	}
	observed, err := s.core.Observations(ctx, tx, e.ID)
	if err != nil {
		return vpn.Quotas{}, err
	}
	return d.Quotas, d.Quotas.CheckPending(e, observed[e.ID])
}
