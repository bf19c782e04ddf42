package control

import (
	"context"
	"testing"
	"time"
)

// A clock that is set throws nothing away for a day, and not at all where it is set right again.
func TestClockThatIsSet(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for name, jump := range map[string]time.Duration{"ten years ahead": 87600 * time.Hour, "a day ahead": 24 * time.Hour, "a day back": -24 * time.Hour} {
		w, now := clockWatch{last: start}, start
		hour := func() (trusted, set bool) { now = now.Add(purgeEvery); return w.trusts(now) }
		if trusted, _ := hour(); !trusted {
			t.Errorf("%s: a clock that nobody set is not trusted", name)
		}
		now = now.Add(jump)
		if trusted, set := hour(); trusted || !set {
			t.Errorf("%s: trusted %v, set %v", name, trusted, set)
		}
		for n := range distrustFor - 1 {
			if trusted, set := hour(); trusted || set {
				t.Fatalf("%s: %d hours later: trusted %v, set %v", name, n+1, trusted, set)
			}
		}
		if trusted, _ := hour(); !trusted {
			t.Errorf("%s: not trusted a day later", name)
		}
		now = now.Add(-jump)
		if trusted, set := hour(); trusted || !set {
			t.Errorf("%s and back: trusted %v, set %v", name, trusted, set)
		}
	}
}

// Whichever way the clock is set nobody is locked out, and nobody gets more than a full bucket.
func TestThrottleOnAClockThatIsSet(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"a day ahead": 24 * time.Hour, "a day back": -24 * time.Hour} {
		now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
		th := newThrottle(func() time.Time { return now })
		allowed := func() (n int) {
			for range 100 {
				if ok, _ := th.allow("192.0.2.1", "boss"); ok {
					n++
				}
			}
			return n
		}
		if n := allowed(); n != attemptsPerAccount {
			t.Fatalf("%d attempts at once", n)
		}
		now = now.Add(jump)
		if n := allowed(); n > attemptsPerAccount {
			t.Errorf("%s: %d attempts at once", name, n)
		}
		now = now.Add(15 * time.Minute)
		if n := allowed(); n == 0 {
			t.Errorf("%s: locked out", name)
		}
	}
}

func TestYoung(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for age, want := range map[time.Duration]bool{0: true, time.Second: true, time.Minute: false, 24 * time.Hour: false, -24 * time.Hour: false} {
		if got := young(now.Add(-age), now, time.Minute); got != want {
			t.Errorf("of %s ago: %v", age, got)
		}
	}
}

// PurgeAfter purges as Housekeep does, where its last purge was at the given time.
func (s *Service) PurgeAfter(ctx context.Context, last time.Time) error {
	return s.purgeUnlessSet(ctx, &clockWatch{last: last})
}
