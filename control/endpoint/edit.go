package endpoint

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// EditResult tells what a modification did.
type EditResult struct {
	Endpoint    vpn.Endpoint
	Restarts    bool // workers restart, so clients are cut off for a moment
	Connections int
}

// EditEndpoint modifies an endpoint. Fields: those of vpn.EndpointEdit. Stale where another
// administrator saved after the form was filled.
func (s *Service) EditEndpoint(ctx context.Context, by control.Principal, id vpn.EndpointID, in vpn.EndpointEdit) (EditResult, error) {
	var out EditResult
	err := s.changeEndpoint(ctx, by, vpn.ModifyClientVpnEndpoint, id, func(tx *store.Tx, e *vpn.Endpoint, a *vpn.AuditRecord) (err error) {
		a.Before = control.Describe(e)
		if out.Restarts, err = e.Edit(in); err != nil {
			return err
		}
		if out.Restarts { // otherwise an expired certificate would prevent a new description
			if err := s.checkEndpoint(ctx, tx, *e); err != nil {
				return err
			}
		}
		counts, err := tx.CountLive(ctx, id)
		out.Endpoint, out.Connections = *e, counts[id]
		a.After = control.Describe(e)
		return err
	})
	return out, err
}

// SaveEndpointTags replaces an endpoint's tags. Field: tags.
func (s *Service) SaveEndpointTags(ctx context.Context, by control.Principal, id vpn.EndpointID, version int, tags []vpn.Tag) (vpn.Endpoint, error) {
	var out vpn.Endpoint
	err := s.changeEndpoint(ctx, by, vpn.CreateTags, id, func(_ *store.Tx, e *vpn.Endpoint, a *vpn.AuditRecord) error {
		a.Before = control.Describe(e.Tags)
		err := e.Retag(version, tags)
		out, a.After = *e, control.Describe(e.Tags)
		return err
	})
	return out, err
}

// changeEndpoint is Core.Change for an endpoint and its parts: f gets the endpoint, locked, and the
// endpoint is saved as f leaves it.
func (s *Service) changeEndpoint(ctx context.Context, by control.Principal, action vpn.Action, id vpn.EndpointID, f func(*store.Tx, *vpn.Endpoint, *vpn.AuditRecord) error) error {
	return s.core.Change(ctx, by, action, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		e, err := tx.LockEndpoint(ctx, id)
		if err != nil {
			return err
		}
		if err := f(tx, &e, a); err != nil {
			return err
		}
		return tx.SaveEndpoint(ctx, e)
	})
}
