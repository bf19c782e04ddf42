package vpn_test

import (
	"testing"
	"time"

	"sallyport/vpn"
)

func TestSignInLimit(t *testing.T) {
	t.Parallel()
	limit := vpn.SignInLimit{Attempts: 4, Window: 10 * time.Minute}
	now := time.Unix(1800000000, 0)
	var f vpn.SignInFailures
	for i, c := range []struct{ elsewhere, known time.Duration }{
		{0, 0}, {0, 0}, {5 * time.Second, 5 * time.Second}, {10 * time.Minute, 15 * time.Second}, {10 * time.Minute, 10 * time.Minute}, {10 * time.Minute, 10 * time.Minute},
	} {
		if s, k := limit.AccountWait(f, false, now), limit.AccountWait(f, true, now); s != c.elsewhere || k != c.known {
			t.Errorf("after %d failures: %s from elsewhere, %s from a known source, want %s and %s", i, s, k, c.elsewhere, c.known)
		}
		f = limit.Failed(f, now)
	}
	later := now.Add(10 * time.Minute)
	if w := limit.AccountWait(f, false, later); w != 0 {
		t.Errorf("after the window: %s", w)
	}
	if got := limit.Failed(f, later); got.Count != 1 {
		t.Errorf("the first failure after the window is number %d", got.Count)
	}
	if w := limit.AccountWait(f, false, now.Add(-time.Hour)); w != 0 {
		t.Errorf("after the clock was set back: %s", w)
	}
}

// Below a directory's limit: however attempts are spread, no more than Attempts failures follow each other with less than
// Window in between.
func TestSignInLimitStaysBelowTheDirectory(t *testing.T) {
	t.Parallel()
	for attempts := 2; attempts < 12; attempts++ {
		limit := vpn.SignInLimit{Attempts: attempts, Window: 10 * time.Minute}
		var f vpn.SignInFailures
		now, last, directory := time.Unix(1800000000, 0), time.Time{}, 0
		for range 5000 {
			now = now.Add(time.Second)
			if limit.AccountWait(f, now.Unix()%3 == 0, now) > 0 {
				continue
			}
			if now.Sub(last) >= limit.Window {
				directory = 0
			}
			directory, last, f = directory+1, now, limit.Failed(f, now)
			if directory > attempts {
				t.Fatalf("a directory that locks after more than %d failures has locked", attempts)
			}
		}
	}
}

func TestSourceLimit(t *testing.T) {
	t.Parallel()
	limit := vpn.SignInLimit{Attempts: 4, Window: 10 * time.Minute}
	now := time.Unix(1800000000, 0)
	if w := limit.SourceWait(vpn.SignInFailures{Count: 39, Last: now}, now); w != 0 {
		t.Errorf("39 failures: %s", w)
	}
	if w := limit.SourceWait(vpn.SignInFailures{Count: 40, Last: now}, now.Add(time.Minute)); w != 9*time.Minute {
		t.Errorf("40 failures: %s", w)
	}
	if e := vpn.ErrSignInThrottled(9*time.Minute, now); e.Kind != vpn.Throttled || e.Msg != "Too many sign-ins failed. Try again in 9 minutes, at 08:09:01 UTC." {
		t.Errorf("%v", e)
	}
}
