package endpoint

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// DeleteEndpoint marks an endpoint without associations as deleting. Its row is removed when the
// dataplane no longer reports the endpoint. Field: confirm.
func (s *Service) DeleteEndpoint(ctx context.Context, by control.Principal, id vpn.EndpointID, typed string) error {
	return s.changeEndpoint(ctx, by, vpn.DeleteClientVpnEndpoint, id, func(tx *store.Tx, e *vpn.Endpoint, a *vpn.AuditRecord) error {
		associations, err := tx.AssociationsOf(ctx, id)
		if err != nil {
			return err
		}
		a.Before = control.Describe(e)
		return e.MarkDeleting(typed, len(liveOf(associations)))
	})
}

// liveOf gives the associations that are not being removed.
func liveOf(all []vpn.Association) []vpn.Association {
	var out []vpn.Association
	for _, a := range all {
		if a.Removed == 0 {
			out = append(out, a)
		}
	}
	return out
}
