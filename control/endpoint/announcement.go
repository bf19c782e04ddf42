package endpoint

import (
	"context"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// AnnounceEdit tells what a modification would do, and changes nothing. The errors are those of EditEndpoint.
func (s *Service) AnnounceEdit(ctx context.Context, by control.Principal, id vpn.EndpointID, in vpn.EndpointEdit) (vpn.Announcement, error) {
	return s.announce(ctx, by, vpn.ModifyClientVpnEndpoint, id, modify(ctx, in))
}

// announce tells what a change would do that the action makes.
func (s *Service) announce(ctx context.Context, by control.Principal, action vpn.Action, id vpn.EndpointID, change func(*store.Tx, *vpn.Endpoint) error) (vpn.Announcement, error) {
	var a vpn.Announcement
	err := s.core.Read(ctx, by, action, string(id), func(tx *store.Tx) error {
		e, err := tx.Endpoint(ctx, id)
		if err != nil {
			return err
		}
		a, err = s.apply(ctx, tx, &e, change)
		return err
	})
	return a, err
}

// apply makes a change of an endpoint in memory and tells what it does.
func (s *Service) apply(ctx context.Context, tx *store.Tx, e *vpn.Endpoint, change func(*store.Tx, *vpn.Endpoint) error) (vpn.Announcement, error) {
	deployment, err := s.core.Deployment(ctx, tx)
	if err != nil {
		return vpn.Announcement{}, err
	}
	before, err := s.core.Side(ctx, tx, deployment, *e)
	if err != nil {
		return vpn.Announcement{}, err
	}
	refused := change(tx, e)
	if err := new(vpn.Check).Add(refused); err != nil { // more checks would say nothing
		return vpn.Announcement{}, err
	}
	after, err := s.core.Side(ctx, tx, deployment, *e)
	if err != nil {
		return vpn.Announcement{}, err
	}
	a := vpn.Announcement{Effect: vpn.EffectOf(before, after)}
	// Otherwise an expired certificate would prevent a new description.
	if len(a.Restart) > 0 || e.Certificate != before.Endpoint.Certificate {
		refused = vpn.Together(refused, s.checkEndpoint(ctx, tx, *e))
	}
	if refused != nil {
		return a, refused
	}
	a.Reach, err = s.reach(ctx, tx, a.Effect, before, after)
	return a, err
}

// reach counts whom and what an effect concerns now.
func (s *Service) reach(ctx context.Context, tx *store.Tx, effect vpn.Effect, before, after vpn.Side) (r vpn.Reach, err error) {
	id := before.Endpoint.ID
	if r.People, r.Connections, err = tx.CountPeople(ctx, time.Time{}, id); err != nil {
		return r, err
	}
	if effect.EndsOlder > 0 {
		if r.Older, _, err = tx.CountPeople(ctx, s.core.Now().Add(-effect.EndsOlder), id); err != nil {
			return r, err
		}
	}
	if len(effect.Files) > 0 {
		files, err := tx.CountProfileDownloads(ctx, id)
		if err != nil {
			return r, err
		}
		r.Stop, r.Again = files[before.Revision()], files[after.Revision()]
		for _, n := range files {
			r.Recorded += n
		}
	}
	return r, nil
}
