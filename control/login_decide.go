package control

import (
	"context"

	"sallyport/vpn"
)

// decide answers one login: the decision is in the database before the dataplane hears of it, so
// that an established connection always has its row.
func (f *follower) decide(ctx context.Context, r vpn.LoginRequest) {
	ctx, cancel := context.WithDeadline(ctx, r.Deadline)
	defer cancel()
	d, err := f.decideLogin(ctx, r)
	if err != nil {
		f.log.ErrorContext(ctx, "a login could not be decided and is denied", "endpoint", r.Endpoint, "common_name", r.CommonName, "err", errorChain(err))
		d = vpn.LoginDecision{ID: r.ID, Reason: "The VPN server cannot check your login right now. Try again in a moment."}
	}
	if err := f.dataplane.Decide(ctx, d); err != nil && vpn.KindOf(err) != vpn.NotFound {
		f.log.WarnContext(ctx, "a login's answer did not reach the dataplane", "endpoint", r.Endpoint, "err", errorChain(err))
	}
}

func (s *Service) decideLogin(ctx context.Context, r vpn.LoginRequest) (vpn.LoginDecision, error) {
	d := vpn.LoginDecision{ID: r.ID}
	err := s.store.Update(ctx, func(tx Tx) error {
		d = vpn.LoginDecision{ID: r.ID}
		e, err := tx.Endpoint(ctx, r.Endpoint)
		if err != nil {
			return err
		}
		associations, err := tx.AssociationsOf(ctx, e.ID)
		if err != nil {
			return err
		}
		observed, err := s.observations(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		now := s.now()
		if d.Reason = vpn.DecideLogin(e, e.State(associations, observed[e.ID]), r); d.Reason != "" {
			return tx.CreateAttempt(ctx, vpn.RefusedAttempt{Endpoint: e.ID, Device: r.Device, CommonName: r.CommonName, Reason: d.Reason}, now)
		}
		d.Allow, d.Connection, d.Session = true, vpn.NewConnectionID(), vpn.NewSessionID()
		d.User = vpn.Identity{Name: r.CommonName}
		d.Ends = now.Add(e.SessionTimeout)
		return tx.CreateConnection(ctx, vpn.Connection{
			ID: d.Connection, Endpoint: e.ID, Session: d.Session, Node: s.node, Status: vpn.ConnectionConnecting,
			Username: d.User.Name, CommonName: r.CommonName, Serial: r.Serial, Device: r.Device,
			Platform: r.Platform, ClientVersion: r.Version,
		})
	})
	return d, err
}
