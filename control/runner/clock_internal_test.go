package runner

import (
	"testing"
	"time"
)

// After the clock was set nothing is purged for a day, and again for a day after it is set back.
func TestClockThatIsSet(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for name, jump := range map[string]time.Duration{"ten years ahead": 87600 * time.Hour, "a day ahead": 24 * time.Hour, "a day back": -24 * time.Hour} {
		w, now := clockWatch{last: start}, start
		hour := func() (trusted, set bool) { now = now.Add(purgeEvery); return w.trusts(now) }
		if trusted, _ := hour(); !trusted {
			t.Errorf("%s: a clock that was not set is not trusted", name)
		}
		now = now.Add(jump)
		if trusted, set := hour(); trusted || !set {
			t.Errorf("%s: trusted %v, set %v", name, trusted, set)
		}
		for n := range skippedPurges - 1 {
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
