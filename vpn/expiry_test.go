package vpn

import (
	"testing"
	"time"
)

// A warning is due 30, 14, 7 and 1 whole days before an end and after it, and each step is reached once.
func TestExpiryStage(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	for left, want := range map[time.Duration]int{
		30*day + time.Second: NoExpiry, 30 * day: 30, 15 * day: 30, 15*day - time.Second: 14, 14 * day: 14, 8 * day: 14, 8*day - 1: 7, 2 * day: 7, 2*day - 1: 1, time.Second: 1, 0: 0, -day: 0,
	} {
		if got := ExpiryStage(now.Add(left), now); got != want {
			t.Errorf("%s before: %d, want %d", left, got, want)
		}
	}
	var steps []int
	for left := 40 * day; left > -day; left -= time.Hour {
		if days, reached := ExpiryStepWithin(time.Hour, now.Add(left), now); reached {
			steps = append(steps, days)
		}
	}
	if len(steps) != 4 || steps[0] != 30 || steps[3] != 1 {
		t.Errorf("steps reached: %v", steps)
	}
}
