package runner

import (
	"context"
	"time"

	"sallyport/vpn"
)

// Tests call what otherwise runs at intervals.

type Missed = map[vpn.ConnectionID]bool

func (s *Runner) SweepConnections(ctx context.Context, missed Missed) (Missed, error) {
	return s.sweepConnections(ctx, missed)
}

type Counted = map[vpn.ConnectionID]vpn.Counters

func (s *Runner) FlushCounters(ctx context.Context, last Counted) (Counted, error) {
	return s.flushCounters(ctx, last)
}

func (s *Runner) Purge(ctx context.Context) error { return s.purge(ctx) }

// PurgeAfter purges as Housekeep does, where its last purge was at the given time.
func (s *Runner) PurgeAfter(ctx context.Context, last time.Time) error {
	return s.purgeUnlessSet(ctx, &clockWatch{last: last})
}

// Answer sends decisions to the dataplane, of which signIns end sign-ins in a browser.
func (s *Runner) Answer(ctx context.Context, signIns map[string]vpn.BrowserSignInID, ds ...vpn.LoginDecision) {
	d := s.newDecider()
	for login, id := range signIns {
		d.browsers.ended.Store(login, id)
	}
	d.answer(ctx, ds)
}

// RenewAtStart is what Housekeep does first.
func (s *Runner) RenewAtStart(ctx context.Context) error { return s.renewAtStart(ctx) }
