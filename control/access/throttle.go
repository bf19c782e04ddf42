package access

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"sallyport/control"
)

// throttle limits sign-in attempts before any password is hashed: one bucket for each source, and one
// for each account at a source. There is none for an account alone, so that failures from elsewhere
// never keep the administrator out.
type throttle struct {
	now func() time.Time

	mu      sync.Mutex // guards buckets
	buckets map[string]*bucket
}

type bucket struct {
	limiter *rate.Limiter
	used    time.Time
}

const (
	attemptsPerAddress = 20 // at once, then one every addressRefill
	addressRefill      = 5 * time.Second
	attemptsPerAccount = 5 // from one address
	accountRefill      = 30 * time.Second
	maxBuckets         = 20000
	bucketLife         = 30 * time.Minute
)

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, buckets: map[string]*bucket{}}
}

// allow takes one attempt from both buckets; where one is empty, wait is the time until the next.
func (t *throttle) allow(source, account string) (ok bool, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	source = control.SourceNetwork(source)
	if wait := takeAttempt(t.bucket("a|"+source, rate.Every(addressRefill), attemptsPerAddress, now), now); wait > 0 {
		// No bucket is made for the account: a source that invents names would otherwise fill the map
		// until all buckets are dropped, its own among them.
		return false, wait
	}
	wait = takeAttempt(t.bucket("u|"+source+"|"+account, rate.Every(accountRefill), attemptsPerAccount, now), now)
	return wait == 0, wait
}

// takeAttempt takes one attempt, or returns the time until the next.
func takeAttempt(l *rate.Limiter, now time.Time) (wait time.Duration) {
	r := l.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// forget gives an account's attempts back after a success.
func (t *throttle) forget(source, account string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.buckets, "u|"+control.SourceNetwork(source)+"|"+account)
}

func (t *throttle) bucket(key string, every rate.Limit, burst int, now time.Time) *rate.Limiter {
	b, ok := t.buckets[key]
	if ok && control.FromTheFuture(b.used, now) {
		// The clock was set back: the bucket would refuse every attempt until its old time comes.
		ok = false
		delete(t.buckets, key)
	}
	if !ok {
		if len(t.buckets) >= maxBuckets {
			t.sweep(now)
		}
		b = &bucket{limiter: rate.NewLimiter(every, burst)}
		t.buckets[key] = b
	}
	b.used = now
	return b.limiter
}

// sweep drops idle buckets, and all of them where none is idle: passwordHasher still bounds the work
// that an attacker can cause.
func (t *throttle) sweep(now time.Time) {
	for k, b := range t.buckets {
		if now.Sub(b.used) > bucketLife {
			delete(t.buckets, k)
		}
	}
	if len(t.buckets) >= maxBuckets {
		clear(t.buckets)
	}
}
