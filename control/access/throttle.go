package access

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"sallyport/control"
)

// throttle slows sign-in attempts down before any password is hashed: one bucket for an
// address, and one for an account at an address. There is none for an account alone, so that a
// stranger's failures never keep the administrator out.
type throttle struct {
	now func() time.Time

	mu      sync.Mutex
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

// allow takes one attempt from both buckets; wait is how long until there is one again.
func (t *throttle) allow(source, account string) (ok bool, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	source = network(source)
	if wait := take(t.bucket("a|"+source, rate.Every(addressRefill), attemptsPerAddress, now), now); wait > 0 {
		// Before there is a bucket for the account: an address that makes up names would otherwise
		// fill the map until all buckets are dropped, its own among them.
		return false, wait
	}
	wait = take(t.bucket("u|"+source+"|"+account, rate.Every(accountRefill), attemptsPerAccount, now), now)
	return wait == 0, wait
}

// take takes one attempt, or says how long until there is one.
func take(l *rate.Limiter, now time.Time) (wait time.Duration) {
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
	delete(t.buckets, "u|"+network(source)+"|"+account)
}

// network is what one stranger holds: an IPv4 address, or the /64 of an IPv6 address, out of
// which everybody can take as many as they like.
func network(source string) string {
	a, err := netip.ParseAddr(source)
	if err != nil || a.Unmap().Is4() {
		return source
	}
	return netip.PrefixFrom(a.WithZone(""), 64).Masked().String()
}

func (t *throttle) bucket(key string, every rate.Limit, burst int, now time.Time) *rate.Limiter {
	b, ok := t.buckets[key]
	if ok && control.FromTheFuture(b.used, now) {
		// The clock was set back: what is booked for a time to come would lock everybody out until then.
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

// sweep drops idle buckets, and all of them where a flood of addresses leaves no idle ones: the
// hash semaphore still bounds what an attacker can make us do.
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
