package selfservice

import (
	"testing"
	"time"
)

// A browser that takes a file slowly has its time for each piece, but not for ever: 10 MB are over after 12 minutes.
func TestDeadlineOfADownload(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		after time.Duration
		sent  int64
		want  time.Duration // after the beginning
	}{
		{0, 0, stall},
		{time.Minute, 0, stall},
		{time.Minute, 100 << 20, time.Minute + stall},
		{time.Hour, 100 << 20, time.Hour + stall},
		{10 * time.Minute, 10 << 20, 10*time.Minute + stall},
		{time.Hour, 10 << 20, stall + 640*time.Second},
	} {
		w := &patientWriter{began: began, sent: c.sent}
		if got := w.deadline(began.Add(c.after)).Sub(began); got != c.want {
			t.Errorf("after %s and %d bytes: a piece within %s, want %s", c.after, c.sent, got, c.want)
		}
	}
}
