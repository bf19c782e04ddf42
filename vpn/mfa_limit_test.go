package vpn_test

import (
	"testing"
	"time"

	"sallyport/vpn"
)

// Who has the password and guesses codes whenever one is judged, from where the user signs in and from elsewhere, finds one
// with a chance of less than 0.01 % a day.
func TestMFALimitBoundsTheChanceOfAGuess(t *testing.T) {
	t.Parallel()
	const valid = 3.0 / 1_000_000 // codes of one second
	most := 0
	for _, limit := range []vpn.MFALimit{vpn.MFALimitKnown, vpn.MFALimitElsewhere} {
		var f vpn.SignInFailures
		var at []time.Time
		now, inDay := time.Unix(1800000000, 0), 0
		for range 4 * 24 * 60 {
			now = now.Add(time.Minute)
			for limit.Wait(f, now) == 0 {
				f = limit.Wrong(f, now)
				at = append(at, now)
				for now.Sub(at[0]) >= 24*time.Hour {
					at = at[1:]
				}
				inDay = max(inDay, len(at))
			}
		}
		if inDay < limit.Codes {
			t.Errorf("%d codes are judged in a day, want more than %d", inDay, limit.Codes)
		}
		most += inDay
	}
	if chance := float64(most) * valid; chance > 0.0001 {
		t.Errorf("%d codes are judged in a day: a chance of %.4f %%", most, 100*chance)
	}
}

func TestMFALimit(t *testing.T) {
	t.Parallel()
	limit := vpn.MFALimit{Codes: 3, Every: time.Hour}
	now := time.Unix(1800000000, 0)
	var f vpn.SignInFailures
	for range 3 {
		if w := limit.Wait(f, now); w != 0 {
			t.Fatalf("after %d wrong codes: %s", f.Count, w)
		}
		f = limit.Wrong(f, now)
	}
	for after, want := range map[time.Duration]time.Duration{0: time.Hour, 40 * time.Minute: 20 * time.Minute, time.Hour: 0, -time.Second: time.Hour + time.Second, -time.Hour: 0} {
		if w := limit.Wait(f, now.Add(after)); w != want {
			t.Errorf("after %s: %s, want %s", after, w, want)
		}
	}
	f = limit.Wrong(f, now.Add(90*time.Minute)) // the half hour that has passed still counts
	if w := limit.Wait(f, now.Add(90*time.Minute)); w != 30*time.Minute {
		t.Errorf("after another wrong code: %s", w)
	}
	if f = limit.Wrong(f, now.Add(9*time.Hour)); f.Count != 1 {
		t.Errorf("after a long time: %+v", f)
	}
}
