package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/glebarez/go-sqlite"
	"github.com/jackc/pgx/v5/pgconn"
)

// Transactions that conflict run again for retryFor, with pauses that grow up to maxPause. One of
// them always succeeds, so the bound is not reached in normal operation.
const (
	retryFor   = 20 * time.Second
	firstPause = 2 * time.Millisecond
	maxPause   = 100 * time.Millisecond
)

// retry runs a transaction until it succeeds or fails for another reason than a conflict.
func (s *Store) retry(ctx context.Context, run func() error) error {
	end := time.Now().Add(retryFor)
	pause := firstPause
	for n := 1; ; n++ {
		err := run()
		if err == nil || !isTransient(err) || time.Now().After(end) || ctx.Err() != nil {
			return err
		}
		s.options.Logger.DebugContext(ctx, "transaction runs again", "attempt", n, "err", err)
		// Random: equal pauses would repeat the conflict.
		timer := time.NewTimer(pause/2 + rand.N(pause)) //nolint:gosec // spreads retries; it is no secret
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
		pause = min(2*pause, maxPause)
	}
}

// isTransient tells whether running the transaction again may help.
func isTransient(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "40001" || pg.Code == "40P01" // serialization failure, deadlock
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		const busy = 5
		return lite.Code()&0xff == busy // another process held the lock for longer than busy_timeout
	}
	return false
}
