package runner

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

// How often the reconciler runs without being woken, and how often it stores that nothing changed.
const (
	reconcileEvery = time.Second
	observeEvery   = 5 * time.Second
	dataplaneWait  = 10 * time.Second
)

// Reconcile keeps the dataplane at the desired state and the database at the applied state, until ctx
// ends. One runs for each node.
func (s *Runner) Reconcile(ctx context.Context) {
	tick := time.NewTicker(reconcileEvery)
	defer tick.Stop()
	var unreachable bool
	s.lastRun(ctx)
	for {
		err := s.ReconcileOnce(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !unreachable:
			s.core.Log.WarnContext(ctx, "the dataplane cannot be brought up to date", "err", errorChain(err))
		case err == nil && unreachable:
			s.core.Log.InfoContext(ctx, "the dataplane is up to date again")
		}
		unreachable = err != nil
		select {
		case <-ctx.Done():
			return
		case <-s.core.Woken():
		case <-tick.C:
		}
	}
}

// ReconcileOnce is one pass of Reconcile: it ends the connections that are to be terminated, compares the desired generation of every endpoint with the
// one that the dataplane reports, sends the desired states that differ, and stores what is reported.
func (s *Runner) ReconcileOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dataplaneWait)
	defer cancel()
	ending := s.pushTerminations(ctx) // first: no endpoint that takes long holds up the end of a connection
	status, err := s.watch.Ask(ctx)
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
	refused := map[vpn.EndpointID]error{}
	for id, e := range wanted {
		r, ok := reported[id]
		if e.Deleting || (ok && r.Applied == e.Generation) {
			continue
		}
		if r.Applied > e.Generation {
			failures = append(failures, s.catchUp(ctx, id, r.Applied))
		}
		wait, err := s.sendDesired(ctx, id, r.Applied)
		if wait > 0 {
			time.AfterFunc(wait, s.core.Nudge)
			continue
		}
		if err != nil {
			failures = append(failures, err)
			refused[id] = err
		}
		sent = true
	}
	if sent { // what was just sent is usually applied by now
		if status, err = s.watch.Ask(ctx); err != nil {
			return err
		}
	}
	failures = append(failures, s.observe(ctx, wanted, status, refused), ending)
	return errors.Join(failures...)
}

func (s *Runner) wantedEndpoints(ctx context.Context) (map[vpn.EndpointID]vpn.Endpoint, error) {
	out := map[vpn.EndpointID]vpn.Endpoint{}
	err := s.core.View(ctx, func(tx *store.Tx) error {
		all, err := tx.AllEndpoints(ctx)
		for _, e := range all {
			out[e.ID] = e
		}
		return err
	})
	return out, err
}

// catchUp raises an endpoint's generation above the applied one. It is lower only after a backup was
// restored: without this, the kernel would keep the newer state, and the console would show rows as
// applied that are not.
func (s *Runner) catchUp(ctx context.Context, id vpn.EndpointID, applied uint64) error {
	return s.core.Update(ctx, func(tx *store.Tx) error {
		e, err := tx.LockEndpoint(ctx, id)
		if err != nil || e.Generation > applied {
			return err
		}
		s.core.Log.WarnContext(ctx, "the dataplane is ahead of the database, as after a restored backup; everything is applied again",
			"endpoint", id, "generation", e.Generation, "applied", applied)
		e.Generation = applied + 1
		return tx.SaveEndpoint(ctx, e)
	})
}

// sendDesired sends the desired state of an endpoint whose generation applied is in the kernel. It is not sent yet where
// wait is not zero.
func (s *Runner) sendDesired(ctx context.Context, id vpn.EndpointID, applied uint64) (wait time.Duration, err error) {
	p, err := s.desired(ctx, id)
	if err != nil {
		return 0, err
	}
	if wait := s.untilDevices(p.Associations, applied); wait > 0 {
		return wait, nil
	}
	return 0, s.dataplane.Apply(ctx, p.Desired())
}

// untilDevices is how long the first association of an endpoint waits still.
func (s *Runner) untilDevices(associations []vpn.Association, applied uint64) time.Duration {
	wait := time.Duration(0)
	for _, a := range associations {
		age := s.core.Now().Sub(a.CreatedAt)
		if a.Added <= applied || age < 0 || age >= s.deviceDelay {
			return 0
		}
		wait = s.deviceDelay - age
	}
	return wait
}

// desired reads the parts of an endpoint's desired state in one snapshot.
func (s *Runner) desired(ctx context.Context, id vpn.EndpointID) (p vpn.DesiredInput, err error) {
	err = s.core.View(ctx, func(tx *store.Tx) (err error) {
		if p.Endpoint, err = tx.Endpoint(ctx, id); err != nil {
			return err
		}
		if p.Server, err = tx.Certificate(ctx, p.Endpoint.Certificate); err != nil {
			return err
		}
		if p.ServerKey, err = tx.CertificateKey(ctx, p.Endpoint.Certificate); err != nil {
			return err
		}
		if p.Endpoint.Mutual() {
			if p.ClientCA, err = tx.Certificate(ctx, p.Endpoint.ClientCA); err != nil {
				return err
			}
		}
		if p.Endpoint.SecondCA != "" {
			if p.SecondCA, err = tx.Certificate(ctx, p.Endpoint.SecondCA); err != nil {
				return err
			}
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
	p.Blocks = vpn.AllBlocks() // all are this node's while there is one node
	return p, err
}

// pushTerminations sends the terminations that were asked for until each end is reported.
func (s *Runner) pushTerminations(ctx context.Context) error {
	var pending map[string][]vpn.Connection
	err := s.core.View(ctx, func(tx *store.Tx) error {
		all, err := tx.ConnectionsToTerminate(ctx, s.node)
		if err == nil {
			pending, err = byMessage(ctx, tx, all)
		}
		return err
	})
	if err != nil {
		return err
	}
	var failures []error
	for _, message := range slices.Sorted(maps.Keys(pending)) {
		failures = append(failures, s.terminate(ctx, pending[message], message))
	}
	return errors.Join(failures...)
}

// byMessage sorts connections that are to be terminated by what their users are told.
func byMessage(ctx context.Context, tx *store.Tx, pending []vpn.Connection) (map[string][]vpn.Connection, error) {
	out := map[string][]vpn.Connection{}
	if len(pending) == 0 {
		return out, nil
	}
	logins := make([]vpn.LoginRequest, len(pending))
	refs := make([]vpn.UserRef, len(pending))
	for i, c := range pending {
		logins[i], refs[i] = vpn.LoginRequest{Fingerprint: c.Fingerprint, Serial: c.Serial}, c.UserRef()
	}
	blocks, err := tx.BlocksFor(ctx, logins...)
	if err != nil {
		return out, err
	}
	revoked, err := tx.RevocationsOf(ctx, connectionNumbers(pending)...)
	if err != nil {
		return out, err
	}
	users, err := tx.VPNUsersOf(ctx, refs...)
	for _, c := range pending {
		message := "Your session was ended by an administrator."
		switch {
		case slices.ContainsFunc(blocks, func(b vpn.CertificateBlock) bool { return b.IsOfConnection(c) }):
			message = vpn.BlockedMessage()
		case revoked.Message(c) != "":
			message = revoked.Message(c)
		case users[c.UserRef()].Blocked():
			message = vpn.UserBlockedMessage()
		case c.EndReason == userDeleted || c.EndReason == userDisabled:
			message = "Your account cannot use this VPN any more. Ask your administrator."
		}
		out[message] = append(out[message], c)
	}
	return out, err
}

func connectionNumbers(cs []vpn.Connection) []vpn.CertificateNumber {
	var chains []vpn.CertificateNumber
	for _, c := range cs {
		chains = append(chains, c.Chain()...)
	}
	return chains
}

// terminate ends connections at the dataplane. message is what their users are shown.
func (s *Runner) terminate(ctx context.Context, pending []vpn.Connection, message string) error {
	if len(pending) == 0 {
		return nil
	}
	ids := vpn.IDsOf(pending, func(c vpn.Connection) vpn.ConnectionID { return c.ID })
	err := s.dataplane.Terminate(ctx, ids, message)
	if err == nil || vpn.KindOf(err) == vpn.Unavailable {
		return err
	}
	return errors.Join(err, s.core.Update(ctx, func(tx *store.Tx) error {
		for _, p := range pending {
			c, err := tx.Connection(ctx, p.ID) // its end may have been stored in the meantime
			if err != nil && vpn.KindOf(err) != vpn.NotFound {
				return err
			}
			if err != nil || c.Status != vpn.ConnectionTerminating {
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
