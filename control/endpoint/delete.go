package endpoint

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// DeleteEndpoint begins the end of an endpoint without associations: from now on it is
// "deleting", and it is gone once the dataplane says so. Field: confirm.
func (s *Service) DeleteEndpoint(ctx context.Context, by control.Principal, id vpn.EndpointID, typed string) error {
	return s.core.Change(ctx, by, vpn.DeleteClientVpnEndpoint, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		e, err := tx.LockEndpoint(ctx, id)
		if err != nil {
			return err
		}
		associations, err := tx.AssociationsOf(ctx, id)
		if err != nil {
			return err
		}
		a.Subject, a.Before = string(id), control.Describe(e)
		if err := e.MarkDeleting(typed, len(liveOf(associations))); err != nil {
			return err
		}
		return tx.SaveEndpoint(ctx, e)
	})
}

func liveOf(all []vpn.Association) []vpn.Association {
	var out []vpn.Association
	for _, a := range all {
		if a.Removed == 0 {
			out = append(out, a)
		}
	}
	return out
}
