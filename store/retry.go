package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/glebarez/go-sqlite"
	"github.com/jackc/pgx/v5/pgconn"

	"sallyport/vpn"
)

// Transactions that conflict run again for retryFor, with pauses that grow up to maxPause. One of
// them always succeeds, so the bound is not reached in normal operation.
const (
	retryFor   = 20 * time.Second
	firstPause = 2 * time.Millisecond
	maxPause   = 100 * time.Millisecond

	// lockWait is how long a transaction waits for a lock that another program holds: a person waits for
	// the page. PostgreSQL's own wait is postgresLockWait, SQLite's for one attempt sqliteLockWait.
	lockWait         = 3 * time.Second
	sqliteLockWait   = 500 * time.Millisecond
	postgresLockWait = "4s"
	// lockRemembered is how long after such a wait was in vain the next ones try only once.
	lockRemembered = 5 * time.Second
)

// contention keeps when transactions last waited in vain for a lock that another program holds. A page
// may need several transactions: without it each would wait lockWait.
type contention struct {
	mu     sync.Mutex // guards gaveUp
	gaveUp time.Time
}

func (c *contention) recent() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.gaveUp.IsZero() && time.Since(c.gaveUp) < lockRemembered
}

// set notes that a wait was in vain, or that a transaction came through, and tells whether that is new.
func (c *contention) set(inVain bool) (changed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed = inVain == c.gaveUp.IsZero()
	c.gaveUp = time.Time{}
	if inVain {
		c.gaveUp = time.Now()
	}
	return changed
}

// retry runs a transaction until it succeeds or fails for another reason than a conflict. A database
// that is locked or does not answer is an error of kind Unavailable.
func (s *Store) retry(ctx context.Context, lock *contention, run func() error) error {
	began, pause := time.Now(), firstPause
	for n := 1; ; n++ {
		err := run()
		switch waited := time.Since(began); {
		case isLocked(err) && (waited > lockWait || lock.recent()):
			if lock.set(true) {
				s.options.Logger.Warn("the database is locked by another program", "err", err)
			}
			return errLocked(err)
		case err == nil:
			if lock.set(false) {
				s.options.Logger.Info("the database is no longer locked")
			}
			return nil
		case !isLocked(err) && (!isConflict(err) || waited > retryFor), ctx.Err() != nil:
			return unavailable(err)
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

// writerTurn waits until the other writers of this process are done: SQLite has one writer at a time,
// and they shall queue in order instead of polling. While another program holds the lock, those in the
// queue do not wait longer than lockWait either.
func (s *Store) writerTurn(ctx context.Context) (done func(), err error) {
	if s.turn == nil {
		return func() {}, nil
	}
	began := time.Now()
	look := time.NewTicker(sqliteLockWait / 2)
	defer look.Stop()
	for {
		select {
		case s.turn <- struct{}{}:
			return func() { <-s.turn }, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-look.C:
			if time.Since(began) > lockWait && s.updating.recent() {
				return nil, errLocked(nil)
			}
		}
	}
}

// isConflict tells whether the transaction conflicted with another one and may succeed when it runs again.
func isConflict(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01") // serialization failure, deadlock
}

// isLocked tells whether another process held SQLite's lock for longer than sqliteLockWait.
func isLocked(err error) bool {
	const busy = 5
	lite, ok := errors.AsType[*sqlite.Error](err)
	return ok && lite.Code()&0xff == busy
}

func errLocked(cause error) error {
	return vpn.Refuse(vpn.Unavailable, vpn.CodeDatabaseUnavailable,
		"Nothing was saved: another program keeps the database locked. Try again in a moment.").Because(cause)
}

// unavailable makes an error for people of an error that says that the database cannot be used at the
// moment. Every other error stays as it is.
func unavailable(err error) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pg.Code {
		case "55P03": // lock_not_available
			return errLocked(err)
		case "53300": // too_many_connections
			return vpn.Refuse(vpn.Unavailable, vpn.CodeDatabaseUnavailable, "The database server takes no more connections. Try again in a moment.").Because(err)
		case "57P01", "57P02", "57P03": // admin_shutdown, crash_shutdown, cannot_connect_now
			return vpn.Refuse(vpn.Unavailable, vpn.CodeDatabaseUnavailable, "The database server is stopping or starting. Try again in a moment.").Because(err)
		}
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[*net.OpError](err)
	if connecting || network || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) {
		// Whether a change was saved is not known where the connection breaks at its commit.
		return vpn.Refuse(vpn.Unavailable, vpn.CodeDatabaseUnavailable, "The database server does not answer. Try again in a moment.").Because(err)
	}
	return err
}
