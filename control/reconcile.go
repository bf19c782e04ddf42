package control

import (
	"context"
	"errors"
	"time"

	"sallyport/vpn"
)

// How often the reconciler looks without being woken, and how often it writes down that nothing
// changed.
const (
	reconcileEvery = time.Second
	observeEvery   = 5 * time.Second
	dataplaneWait  = 10 * time.Second
)

// Reconcile keeps the dataplane at what is wanted and the database at what was applied, until
// ctx ends. One runs for each node.
func (s *Service) Reconcile(ctx context.Context) {
	tick := time.NewTicker(reconcileEvery)
	defer tick.Stop()
	var unreachable bool
	for {
		err := s.reconcileOnce(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !unreachable:
			s.log.WarnContext(ctx, "the dataplane cannot be brought up to date", "err", errorChain(err))
		case err == nil && unreachable:
			s.log.InfoContext(ctx, "the dataplane is up to date again")
		}
		unreachable = err != nil
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-tick.C:
		}
	}
}

// reconcileOnce compares what every endpoint should be with what the dataplane says it is, sends
// what differs and records what it reports.
func (s *Service) reconcileOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dataplaneWait)
	defer cancel()
	status, err := s.dataplane.Status(ctx)
	if err != nil {
		return err
	}
	wanted, err := s.wantedEndpoints(ctx)
	if err != nil {
		return err
	}
	var failures []error
	reported := map[vpn.EndpointID]vpn.EndpointStatus{}
	for _, e := range status.Endpoints {
		reported[e.Endpoint] = e
		if w, ok := wanted[e.Endpoint]; !ok || w.Deleting {
			failures = append(failures, s.dataplane.Forget(ctx, e.Endpoint))
		}
	}
	sent := false
	for id, e := range wanted {
		if r, ok := reported[id]; e.Deleting || (ok && r.Applied >= e.Generation) {
			continue
		}
		failures = append(failures, s.sendDesired(ctx, id))
		sent = true
	}
	if sent { // what was just sent is usually applied by now
		if status, err = s.dataplane.Status(ctx); err != nil {
			return err
		}
	}
	failures = append(failures, s.observe(ctx, wanted, status), s.pushTerminations(ctx))
	return errors.Join(failures...)
}

func (s *Service) wantedEndpoints(ctx context.Context) (map[vpn.EndpointID]vpn.Endpoint, error) {
	out := map[vpn.EndpointID]vpn.Endpoint{}
	err := s.store.View(ctx, func(tx Tx) error {
		all, err := tx.AllEndpoints(ctx)
		for _, e := range all {
			out[e.ID] = e
		}
		return err
	})
	return out, err
}

func (s *Service) sendDesired(ctx context.Context, id vpn.EndpointID) error {
	d, err := s.desired(ctx, id)
	if err != nil {
		return err
	}
	return s.dataplane.Apply(ctx, d)
}

// desired reads everything an endpoint's desired state is made of, in one snapshot.
func (s *Service) desired(ctx context.Context, id vpn.EndpointID) (vpn.Desired, error) {
	var p vpn.Parts
	err := s.store.View(ctx, func(tx Tx) (err error) {
		if p.Endpoint, err = tx.Endpoint(ctx, id); err != nil {
			return err
		}
		if p.Server, err = tx.Certificate(ctx, p.Endpoint.Certificate); err != nil {
			return err
		}
		if p.ServerKey, err = tx.CertificateKey(ctx, p.Endpoint.Certificate); err != nil {
			return err
		}
		if p.ClientCA, err = tx.Certificate(ctx, p.Endpoint.ClientCA); err != nil {
			return err
		}
		if p.Associations, err = tx.AssociationsOf(ctx, id); err != nil {
			return err
		}
		if p.Rules, err = tx.RulesOf(ctx, id); err != nil {
			return err
		}
		p.Routes, err = tx.RoutesOf(ctx, id)
		return err
	})
	p.Blocks = vpn.AllBlocks() // one node holds them all until there are several
	return p.Desired(), err
}

// observe writes down what the dataplane reported, drops the rows of what has left the kernel,
// and ends endpoints that it no longer knows.
func (s *Service) observe(ctx context.Context, wanted map[vpn.EndpointID]vpn.Endpoint, status vpn.NodeStatus) error {
	now := s.now()
	reported := map[vpn.EndpointID]vpn.EndpointStatus{}
	for _, e := range status.Endpoints {
		reported[e.Endpoint] = e
	}
	ids := make([]vpn.EndpointID, 0, len(wanted))
	for id := range wanted {
		ids = append(ids, id)
	}
	return s.store.Update(ctx, func(tx Tx) error {
		known, err := tx.Observations(ctx, ids...)
		if err != nil {
			return err
		}
		for id, e := range wanted {
			r, present := reported[id]
			if e.Deleting && !present {
				if err := s.finishDelete(ctx, tx, id); err != nil {
					return err
				}
				continue
			}
			o := vpn.Observation{Endpoint: id, Node: s.node, Applied: r.Applied, SeenAt: now, Faults: r.Faults}
			if same(known[id], o) {
				continue
			}
			if err := tx.SaveObservation(ctx, o); err != nil {
				return err
			}
			if known[id].Applied != o.Applied {
				if _, err := tx.DropRemoved(ctx, id, o.Applied); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// same tells whether an observation says nothing new, and the old one is young enough to stand.
func same(old, now vpn.Observation) bool {
	if old.Applied != now.Applied || old.Node != now.Node || len(old.Faults) != len(now.Faults) ||
		now.SeenAt.Sub(old.SeenAt) >= observeEvery || now.SeenAt.Before(old.SeenAt) {
		return false
	}
	for i := range now.Faults {
		if old.Faults[i].Subject != now.Faults[i].Subject || old.Faults[i].Sentence != now.Faults[i].Sentence {
			return false
		}
	}
	return true
}

func (s *Service) finishDelete(ctx context.Context, tx Tx, id vpn.EndpointID) error {
	live, err := tx.LiveConnections(ctx, id)
	if err != nil {
		return err
	}
	for _, c := range live {
		c.Status, c.EndedAt, c.EndReason = vpn.ConnectionTerminated, s.now(), "The endpoint was deleted."
		if err := tx.SaveConnection(ctx, c); err != nil {
			return err
		}
	}
	if err := tx.DeleteEndpoint(ctx, id); err != nil {
		return err
	}
	record := s.record(system("reconcile"), "FinishDeleteClientVpnEndpoint")
	record.Subject = string(id)
	return tx.Audit(ctx, record)
}

// pushTerminations repeats what administrators asked to be ended until the dataplane has done it.
func (s *Service) pushTerminations(ctx context.Context) error {
	var pending []vpn.Connection
	err := s.store.View(ctx, func(tx Tx) (err error) { pending, err = tx.ConnectionsToTerminate(ctx, s.node); return err })
	if err != nil || len(pending) == 0 {
		return err
	}
	ids := idsOf(pending, func(c vpn.Connection) vpn.ConnectionID { return c.ID })
	err = s.dataplane.Terminate(ctx, ids, "Your session was ended by an administrator.")
	if err == nil || vpn.KindOf(err) == vpn.Unavailable {
		return err
	}
	return errors.Join(err, s.store.Update(ctx, func(tx Tx) error {
		for _, c := range pending {
			if c.Status == vpn.ConnectionFailedToTerminate {
				continue
			}
			c.Status = vpn.ConnectionFailedToTerminate
			if err := tx.SaveConnection(ctx, c); err != nil {
				return err
			}
		}
		return nil
	}))
}

// errorChain shows the causes that an error hides from people.
func errorChain(err error) string {
	text := err.Error()
	for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
		text += ": " + cause.Error()
	}
	return text
}
