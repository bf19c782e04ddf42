package endpoint

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// EditResult tells what a modification did.
type EditResult struct {
	Endpoint vpn.Endpoint
	Did      vpn.Announcement // what it did, by the numbers of the moment
}

// EditEndpoint modifies an endpoint. Fields: those of vpn.EndpointEdit, and confirm. Stale where another
// administrator saved after the form was filled. ErrUnannounced where the administrator was told something else
// than what it does (AnnounceEdit).
func (s *Service) EditEndpoint(ctx context.Context, by control.Principal, id vpn.EndpointID, in vpn.EndpointEdit) (EditResult, error) {
	var out EditResult
	err := s.changeEndpoint(ctx, by, vpn.ModifyClientVpnEndpoint, id, func(tx *store.Tx, e *vpn.Endpoint, a *vpn.AuditRecord) (err error) {
		a.Before = control.Describe(e)
		out.Did, err = s.apply(ctx, tx, e, modify(ctx, in))
		if err != nil {
			return err
		}
		if err := out.Did.Check(in.Consent); err != nil {
			return err
		}
		e.Reconnect(out.Did.Effect, in.Consent)
		out.Endpoint, a.After = *e, control.Describe(e)
		return nil
	})
	return out, err
}

// modify is the change of a modification.
func modify(ctx context.Context, in vpn.EndpointEdit) func(*store.Tx, *vpn.Endpoint) error {
	return func(tx *store.Tx, e *vpn.Endpoint) error {
		_, typed := e.Edit(in)
		return vpn.Together(typed, chooseNetwork(ctx, tx, e, in.Network))
	}
}

// chooseNetwork binds an endpoint to a network, or frees it. Field: network.
func chooseNetwork(ctx context.Context, tx *store.Tx, e *vpn.Endpoint, id vpn.NetworkID) error {
	if id == "" && !e.NetworkChosen {
		return nil
	}
	var n vpn.Network
	if id != "" {
		var err error
		if n, err = tx.Network(ctx, id); err != nil && vpn.KindOf(err) == vpn.NotFound {
			var c vpn.Check
			c.Bad("network", "This network does not exist any more; choose another.")
			return c.Err()
		} else if err != nil {
			return err
		}
	}
	present, err := tx.AssociationsOf(ctx, e.ID)
	if err != nil {
		return err
	}
	return e.ChooseNetwork(n, present)
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
