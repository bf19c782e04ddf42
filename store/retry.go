package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/glebarez/go-sqlite"
	"github.com/jackc/pgx/v5/pgconn"
)

// Transactions that got in each other's way are run again for this long, with pauses that grow
// up to longestPause. One of them always gets through, so this is a bound for disaster.
const (
	retryFor     = 20 * time.Second
	firstPause   = 2 * time.Millisecond
	longestPause = 100 * time.Millisecond
)

func (s *Store) again(ctx context.Context, run func() error) error {
	end := time.Now().Add(retryFor)
	pause := firstPause
	for n := 1; ; n++ {
		err := run()
		if err == nil || !transient(err) || time.Now().After(end) || ctx.Err() != nil {
			return err
		}
		s.options.Logger.DebugContext(ctx, "transaction runs again", "attempt", n, "err", err)
		// Random, or those that collided would collide again.
		timer := time.NewTimer(pause/2 + rand.N(pause)) //nolint:gosec // spreads retries; nobody gains by guessing it
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
		pause = min(2*pause, longestPause)
	}
}

// transient tells whether running the transaction again may help.
func transient(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "40001" || pg.Code == "40P01" // serialization failure, deadlock
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		const busy = 5
		return lite.Code()&0xff == busy // another process held the lock for longer than busy_timeout
	}
	return false
}
