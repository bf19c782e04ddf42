package supervise

import (
	"math/rand/v2"
	"time"
)

// Backoff computes the wait before a worker that ended is started again. The zero value is ready for
// use; each worker has its own. It is not safe for concurrent use.
type Backoff struct{ failures int }

const (
	minBackoff = 500 * time.Millisecond
	maxBackoff = 30 * time.Second
	// backoffReset is how long a worker must have run for its end to count as the first.
	backoffReset = time.Minute
)

// Next returns the wait after a run of the given length: half a second at first, because clients are
// waiting, doubled each time up to half a minute, and less up to a fifth, so that workers that ended
// together do not start together.
func (b *Backoff) Next(ran time.Duration) time.Duration {
	if ran >= backoffReset {
		b.failures = 0
	}
	wait := min(minBackoff<<min(b.failures, 10), maxBackoff)
	b.failures++
	return wait - rand.N(wait/5) //nolint:gosec // spreads restarts; it need not be unpredictable
}

// Failures is the number of short runs in a row.
func (b *Backoff) Failures() int { return b.failures }
