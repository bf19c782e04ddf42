package turn

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"sallyport/control"
)

// Rate is how many turns a caller has at once, and how long it takes until another one comes.
type Rate struct {
	Burst int
	Every time.Duration
}

// Rates bounds how often callers have a turn. Each process has its own.
type Rates struct {
	now func() time.Time

	mu      sync.Mutex // guards buckets; held for no wait
	buckets map[string]*bucket
}

type bucket struct {
	limiter *rate.Limiter
	used    time.Time
}

// How many callers are remembered, and how long one is after its last turn. Every bucket is full again by then.
const (
	maxBuckets = 20000
	bucketLife = 30 * time.Minute
)

// NewRates makes rates of callers that had no turn yet.
func NewRates(now func() time.Time) *Rates { return &Rates{now: now, buckets: map[string]*bucket{}} }

// Take takes a turn of a key, whose rate is always the same; where there is none, wait is the time until the next, and nothing is
// taken.
func (r *Rates) Take(key string, of Rate) (wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	turn := r.bucket(key, of, now).ReserveN(now, 1)
	if wait = turn.DelayFrom(now); wait > 0 {
		turn.CancelAt(now)
	}
	return wait
}

// Forget gives a key all its turns back.
func (r *Rates) Forget(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.buckets, key)
}

func (r *Rates) bucket(key string, of Rate, now time.Time) *rate.Limiter {
	b, ok := r.buckets[key]
	if ok && control.FromTheFuture(b.used, now) {
		// The clock was set back: the bucket would refuse every turn until its old time comes.
		ok = false
		delete(r.buckets, key)
	}
	if !ok {
		if len(r.buckets) >= maxBuckets {
			r.sweep(now)
		}
		b = &bucket{limiter: rate.NewLimiter(rate.Every(of.Every), of.Burst)}
		r.buckets[key] = b
	}
	b.used = now
	return b.limiter
}

// sweep drops idle buckets, and all of them where none is idle: who takes turns here bounds the work by another limit as well.
func (r *Rates) sweep(now time.Time) {
	for k, b := range r.buckets {
		if now.Sub(b.used) > bucketLife {
			delete(r.buckets, k)
		}
	}
	if len(r.buckets) >= maxBuckets {
		clear(r.buckets)
	}
}
