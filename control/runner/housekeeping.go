package runner

import (
	"context"
	"errors"
	"time"

	"sallyport/control"
	"sallyport/control/certificate"
	"sallyport/store"
	"sallyport/vpn"
)

const (
	flushCountersEvery = time.Minute
	keepConnections    = 90 * 24 * time.Hour
	keepRefusals       = 90 * 24 * time.Hour      // audit records of refusals, and refused attempts of clients
	keepDownloads      = 3 * 365 * 24 * time.Hour // of configuration files: longer than the certificates in them are valid by default
	keepFailures       = 30 * time.Hour           // of sign-ins: longer than they can count
	keepPlaces         = 90 * 24 * time.Hour      // from where users of directories signed in
	purgeBatch         = 500                      // rows in one transaction
	keepGrants         = time.Hour                // of logins that never became a connection
	keepUsers          = 365 * 24 * time.Hour     // after they were last seen, and groups without members
	keepSessions       = 14 * 24 * time.Hour      // of the VPN and of the portal, after their maximum duration: they are the sign-ins of users
	keepBrowsers       = time.Hour                // sign-ins in a browser, after their logins stopped to wait
	keepDevices        = 30 * 24 * time.Hour      // of users, after their certificates ended
	keepRevocations    = 40 * 24 * time.Hour      // after their certificates ended: a list is signed at least every 30 days, and RFC 5280 wants them on one more
	keepRequests       = 24 * time.Hour           // of SAML, with the results of tests
	keepLinks          = 30 * 24 * time.Hour      // to configuration files, after they ended
	keepInstallers     = 24 * time.Hour           // files that were replaced, or whose upload did not end: longer than one is downloaded
	installerPieces    = 16                       // of half a megabyte, in one transaction
	purgeEvery         = time.Hour
	// Requests of SAML without a result: visitors make them without an account, so they are purged often.
	keepOpenRequests       = 15 * time.Minute
	purgeOpenRequestsEvery = 5 * time.Minute
	// A connection must be missing twice, this far apart, before it is stored as ended: the event of
	// its end may still arrive.
	sweepEvery = 30 * time.Second
	// The longest that a stop waits for the last counters.
	lastFlush = 2 * time.Second
)

// Housekeep stores counters, ends connections that only one side knows, renews certificates and purges old rows, until ctx
// ends. It then stores the counters once more.
func (s *Runner) Housekeep(ctx context.Context) {
	counters, purge, sweep := time.NewTicker(flushCountersEvery), time.NewTicker(purgeEvery), time.NewTicker(sweepEvery)
	defer counters.Stop()
	defer purge.Stop()
	defer sweep.Stop()
	requests := time.NewTicker(purgeOpenRequestsEvery)
	defer requests.Stop()
	if err := s.renewAtStart(ctx); err != nil && vpn.KindOf(err) != vpn.Unavailable && ctx.Err() == nil {
		s.core.Log.ErrorContext(ctx, "a server certificate did not renew itself", "err", errorChain(err))
	}
	s.renewLists(ctx)
	missed := map[vpn.ConnectionID]bool{}
	last := map[vpn.ConnectionID]vpn.Counters{}
	clock := clockWatch{last: s.core.Now().Round(0)}
	for {
		var err error
		select {
		case <-ctx.Done():
			s.flushLast(ctx, last)
			return
		case <-counters.C:
			s.renewLists(ctx)
			s.core.FinishRefusals(ctx, false)
			last, err = s.flushCounters(ctx, last)
		case <-sweep.C:
			missed, err = s.sweepConnections(ctx, missed)
			if err == nil {
				err = s.endRevoked(ctx)
			}
		case <-purge.C:
			err = s.purgeUnlessSet(ctx, &clock)
		case <-requests.C:
			err = s.purgeOpenRequests(ctx)
		}
		if err != nil && vpn.KindOf(err) != vpn.Unavailable && ctx.Err() == nil {
			s.core.Log.ErrorContext(ctx, "housekeeping", "err", errorChain(err))
		}
	}
}

// flushLast stores the counters of the last minute after ctx has ended. A dataplane that stops at the
// same time does not answer: its events of ended sessions bring the last counters.
func (s *Runner) flushLast(ctx context.Context, last map[vpn.ConnectionID]vpn.Counters) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
	defer cancel()
	s.core.FinishRefusals(ctx, true)
	if _, err := s.flushCounters(ctx, last); err != nil && vpn.KindOf(err) != vpn.Unavailable {
		s.core.Log.WarnContext(ctx, "the last counters were not written", "err", errorChain(err))
	}
}

// flushCounters stores the counters that changed since the last time.
func (s *Runner) flushCounters(ctx context.Context, last map[vpn.ConnectionID]vpn.Counters) (map[vpn.ConnectionID]vpn.Counters, error) {
	live, err := s.dataplane.Connections(ctx)
	if err != nil {
		return last, err
	}
	now := make(map[vpn.ConnectionID]vpn.Counters, len(live))
	changed := map[vpn.ConnectionID]vpn.Counters{}
	for _, c := range live {
		now[c.ID] = c.Counters
		if last[c.ID] != c.Counters {
			changed[c.ID] = c.Counters
		}
	}
	if len(changed) == 0 {
		return now, nil
	}
	return now, s.core.Update(ctx, func(tx *store.Tx) error { return tx.SaveCounters(ctx, changed, s.core.Now()) })
}

// sweepConnections makes database and dataplane agree. A connection that is live in the database and
// unknown to the dataplane is stored as ended; one that the dataplane has and the database does not is
// terminated. Both must be missing twice in a row; it returns those that are missing now.
func (s *Runner) sweepConnections(ctx context.Context, missed map[vpn.ConnectionID]bool) (map[vpn.ConnectionID]bool, error) {
	live, err := s.dataplane.Connections(ctx)
	if err != nil {
		return map[vpn.ConnectionID]bool{}, err
	}
	running := map[vpn.ConnectionID]bool{}
	for _, c := range live {
		running[c.ID] = true
	}
	var endpoints []vpn.Endpoint
	missing := map[vpn.ConnectionID]bool{}
	wanted := map[vpn.ConnectionID]bool{}
	err = s.core.View(ctx, func(tx *store.Tx) (err error) { endpoints, err = tx.AllEndpoints(ctx); return err })
	if err != nil {
		return missed, err
	}
	for _, e := range endpoints {
		if err := s.sweepEndpoint(ctx, e.ID, running, missed, missing, wanted); err != nil {
			return missed, err
		}
	}
	var unknown []vpn.ConnectionID
	for id := range running {
		if !wanted[id] {
			if missed[id] {
				unknown = append(unknown, id)
			}
			missing[id] = true
		}
	}
	if len(unknown) > 0 {
		err = s.dataplane.Terminate(ctx, unknown, unknownSession)
	}
	return missing, err
}

func (s *Runner) sweepEndpoint(ctx context.Context, id vpn.EndpointID, running, missed, missing, wanted map[vpn.ConnectionID]bool) error {
	return s.core.Update(ctx, func(tx *store.Tx) error {
		stored, err := tx.LiveConnections(ctx, id)
		if err != nil {
			return err
		}
		for _, c := range stored {
			wanted[c.ID] = true
			switch {
			case running[c.ID] || c.Node != s.node || c.Status == vpn.ConnectionConnecting:
			case !missed[c.ID]:
				missing[c.ID] = true
			default:
				c.AwaySince = time.Time{}
				c.Status, c.EndedAt = vpn.ConnectionTerminated, control.NotBefore(s.core.Now(), c.EstablishedAt)
				if c.EndReason == "" {
					c.EndReason = "The dataplane no longer has this connection."
				}
				if err := tx.SaveConnection(ctx, c); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// purgeUnlessSet purges, unless the clock was set lately.
func (s *Runner) purgeUnlessSet(ctx context.Context, clock *clockWatch) error {
	trusted, set := clock.trusts(s.core.Now())
	if set {
		s.core.Log.WarnContext(ctx, "the clock of this host was set, or the host slept; old rows are kept for another day")
	}
	if !trusted {
		return nil
	}
	return errors.Join(s.lookAtCertificates(ctx), s.purge(ctx))
}

// purgeOpenRequests purges the requests of SAML that cannot be answered any more. Where the clock was set, a person begins again.
func (s *Runner) purgeOpenRequests(ctx context.Context) error {
	return s.inBatches(ctx, func(tx *store.Tx) (int, error) {
		return tx.PurgeSAMLRequestsWithoutResult(ctx, s.core.Now().Add(-keepOpenRequests), purgeBatch)
	})
}

// inBatches purges until there is no more.
func (s *Runner) inBatches(ctx context.Context, purge func(*store.Tx) (int, error)) error {
	for n := 1; n > 0; {
		if err := s.core.Update(ctx, func(tx *store.Tx) (err error) { n, err = purge(tx); return err }); err != nil {
			return err
		}
	}
	return nil
}

// purge deletes old rows, a batch in each transaction: deleting all at once would hold SQLite's write
// lock, and logins wait for it.
func (s *Runner) purge(ctx context.Context) error {
	now := s.core.Now()
	var changes time.Time // zero: they are kept
	if s.keepChanges > 0 {
		changes = now.Add(-s.keepChanges)
	}
	for _, purge := range []func(*store.Tx) (int, error){
		func(tx *store.Tx) (int, error) {
			return tx.PurgeSessions(ctx, now.Add(-s.limits.Idle), now.Add(-s.limits.Absolute))
		},
		func(tx *store.Tx) (int, error) {
			return tx.PurgePortalSessions(ctx, now.Add(-keepSessions), purgeBatch)
		},
		func(tx *store.Tx) (int, error) {
			return tx.PurgeMFAEnrolments(ctx, now.Add(-vpn.MFAEnrolmentLife), purgeBatch)
		},
		func(tx *store.Tx) (int, error) { return tx.PurgeEnrolmentCodes(ctx, now, purgeBatch) },
		func(tx *store.Tx) (int, error) { return tx.PurgeConnecting(ctx, now.Add(-keepGrants)) },
		func(tx *store.Tx) (int, error) {
			return tx.PurgeVPNSessions(ctx, now.Add(-keepSessions), purgeBatch)
		},
		func(tx *store.Tx) (int, error) {
			return tx.PurgeConnections(ctx, now.Add(-keepConnections), purgeBatch)
		},
		func(tx *store.Tx) (int, error) {
			return tx.PurgeProfileDownloads(ctx, now.Add(-keepDownloads), purgeBatch)
		},
		func(tx *store.Tx) (int, error) {
			return tx.PurgeConfigurationLinks(ctx, now.Add(-keepLinks), purgeBatch)
		},
		func(tx *store.Tx) (int, error) {
			return tx.PurgeInstallerFiles(ctx, now.Add(-keepInstallers), installerPieces)
		},
		func(tx *store.Tx) (int, error) {
			return tx.PurgeSignInFailures(ctx, now.Add(-keepFailures), purgeBatch)
		},
		func(tx *store.Tx) (int, error) {
			return tx.PurgeSignIns(ctx, now.Add(-keepPlaces), purgeBatch)
		},
		func(tx *store.Tx) (int, error) {
			return tx.PurgeBrowserSignIns(ctx, now.Add(-keepBrowsers), purgeBatch)
		},
		func(tx *store.Tx) (int, error) {
			return tx.PurgeSAMLTrials(ctx, now.Add(-keepRequests), purgeBatch)
		},
		func(tx *store.Tx) (int, error) {
			return tx.PurgeSAMLRequests(ctx, now.Add(-keepRequests), purgeBatch)
		},
		func(tx *store.Tx) (int, error) { return tx.PurgeDevices(ctx, now.Add(-keepDevices), purgeBatch) },
		func(tx *store.Tx) (int, error) {
			return certificate.PurgeRevocations(ctx, tx, now.Add(-keepRevocations), purgeBatch)
		},
		func(tx *store.Tx) (int, error) { return tx.PurgeSAMLAssertions(ctx, now, purgeBatch) },
		func(tx *store.Tx) (int, error) {
			return tx.PurgeAttempts(ctx, now.Add(-keepRefusals), purgeBatch)
		},
		func(tx *store.Tx) (int, error) {
			return tx.PurgeUserReports(ctx, now.Add(-keepUsers), purgeBatch)
		},
		func(tx *store.Tx) (int, error) { return tx.PurgeVPNUsers(ctx, now.Add(-keepUsers), purgeBatch) },
		func(tx *store.Tx) (int, error) { return tx.PurgeVPNGroups(ctx, now.Add(-keepUsers), purgeBatch) },
		func(tx *store.Tx) (int, error) {
			return tx.PurgeAudit(ctx, now.Add(-keepRefusals), changes, purgeBatch)
		},
	} {
		if err := s.inBatches(ctx, purge); err != nil {
			return err
		}
	}
	return nil
}
