package turn

import (
	"fmt"
	"testing"
	"time"
)

var few = Rate{Burst: 5, Every: 30 * time.Second}

// taken is how many turns of a key there are at once.
func taken(r *Rates, key string) (n int) {
	for range 100 {
		if r.Take(key, few) == 0 {
			n++
		}
	}
	return n
}

func TestRates(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	r := NewRates(func() time.Time { return now })
	if n := taken(r, "a"); n != few.Burst {
		t.Errorf("%d turns at once", n)
	}
	if wait := r.Take("a", few); wait != few.Every {
		t.Errorf("the next one in %s", wait)
	}
	if n := taken(r, "b"); n != few.Burst {
		t.Errorf("another caller has %d turns", n)
	}
	now = now.Add(2 * few.Every)
	if n := taken(r, "a"); n != 2 {
		t.Errorf("%d turns after two more", n)
	}
	r.Forget("a")
	if n := taken(r, "a"); n != few.Burst {
		t.Errorf("%d turns after they were given back", n)
	}
	for i := range 2*maxBuckets + 1 {
		r.Take(fmt.Sprint(i), few)
	}
	if n := len(r.buckets); n > maxBuckets {
		t.Errorf("%d callers are remembered", n)
	}
}

// However the clock is set, no caller is kept out, and none gets more than a full bucket.
func TestRatesOnAClockThatIsSet(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"a day ahead": 24 * time.Hour, "a day back": -24 * time.Hour} {
		now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
		r := NewRates(func() time.Time { return now })
		taken(r, "a")
		now = now.Add(jump)
		if n := taken(r, "a"); n > few.Burst {
			t.Errorf("%s: %d turns at once", name, n)
		}
		now = now.Add(15 * time.Minute)
		if taken(r, "a") == 0 {
			t.Errorf("%s: kept out", name)
		}
	}
}
