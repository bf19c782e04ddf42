package endpoint

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// EditResult says what a modification did.
type EditResult struct {
	Endpoint    vpn.Endpoint
	Restarts    bool // workers restart, so clients are cut off for a moment
	Connections int
}

// EditEndpoint modifies an endpoint. Fields: name, description, certificate, port. Stale where
// somebody saved after the form was filled.
func (s *Service) EditEndpoint(ctx context.Context, by control.Principal, id vpn.EndpointID, in vpn.EndpointEdit) (EditResult, error) {
	var out EditResult
	err := s.core.Change(ctx, by, vpn.ModifyClientVpnEndpoint, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		e, err := tx.LockEndpoint(ctx, id)
		if err != nil {
			return err
		}
		a.Subject, a.Before = string(id), control.Describe(e)
		if out.Restarts, err = e.Edit(in); err != nil {
			return err
		}
		if out.Restarts { // an expired certificate must not keep anybody from a new description
			if err := s.checkEndpoint(ctx, tx, e); err != nil {
				return err
			}
		}
		counts, err := tx.CountLive(ctx, id)
		if err != nil {
			return err
		}
		out.Endpoint, out.Connections = e, counts[id]
		a.After = control.Describe(e)
		return tx.SaveEndpoint(ctx, e)
	})
	return out, err
}

// SaveEndpointTags replaces an endpoint's tags. Field: tags.
func (s *Service) SaveEndpointTags(ctx context.Context, by control.Principal, id vpn.EndpointID, version int, tags []vpn.Tag) (vpn.Endpoint, error) {
	var e vpn.Endpoint
	err := s.core.Change(ctx, by, vpn.CreateTags, string(id), func(tx *store.Tx, a *vpn.AuditRecord) (err error) {
		if e, err = tx.LockEndpoint(ctx, id); err != nil {
			return err
		}
		a.Subject, a.Before = string(id), control.Describe(e.Tags)
		if err := e.Retag(version, tags); err != nil {
			return err
		}
		a.After = control.Describe(e.Tags)
		return tx.SaveEndpoint(ctx, e)
	})
	return e, err
}
