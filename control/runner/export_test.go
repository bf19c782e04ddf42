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
