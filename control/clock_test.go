package control_test

import (
	"testing"
	"time"

	"sallyport/control"
)

func TestYoung(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for age, want := range map[time.Duration]bool{0: true, time.Second: true, time.Minute: false, 24 * time.Hour: false, -24 * time.Hour: false} {
		if got := control.IsYoung(now.Add(-age), now, time.Minute); got != want {
			t.Errorf("of %s ago: %v", age, got)
		}
	}
}
