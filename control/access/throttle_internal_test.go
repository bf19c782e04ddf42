package access

import (
	"testing"
	"time"
)

// However the clock is set, no account is locked out, and none gets more than a full bucket.
func TestThrottleOnAClockThatIsSet(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"a day ahead": 24 * time.Hour, "a day back": -24 * time.Hour} {
		now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
		th := newThrottle(func() time.Time { return now })
		allowed := func() (n int) {
			for range 100 {
				if ok, _ := th.allow("192.0.2.1", "admin"); ok {
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
