package supervise

import (
	"math/rand/v2"
	"time"
)

// Backoff says how long to wait before a worker that ended is started again. The zero value is
// ready; each worker has its own.
type Backoff struct{ failures int }

const (
	backoffFirst = 500 * time.Millisecond
	backoffMost  = 30 * time.Second
	// backoffForgets is how long a worker must have run for its end to count as the first.
	backoffForgets = time.Minute
)

// Next is the wait after a run that lasted ran: half a second at first, since clients are
// waiting, doubled each time up to half a minute, less up to a fifth so that workers that fell
// together do not rise together.
func (b *Backoff) Next(ran time.Duration) time.Duration {
	if ran >= backoffForgets {
		b.failures = 0
	}
	wait := min(backoffFirst<<min(b.failures, 10), backoffMost)
	b.failures++
	return wait - rand.N(wait/5) //nolint:gosec // spreads restarts; nobody gains by guessing it
}

// Failures is the number of short runs in a row.
func (b *Backoff) Failures() int { return b.failures }
