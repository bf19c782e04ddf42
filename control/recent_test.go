package control_test

import (
	"errors"
	"testing"
	"time"

	"sallyport/control"
)

func TestRecent(t *testing.T) {
	t.Parallel()
	now, reads := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC), 0
	var r control.Recent[int]
	var fault error
	value := func() int {
		return r.Value(now, time.Minute, func() (int, error) { reads++; return reads, fault })
	}
	if first, second := value(), value(); first != 1 || second != 1 {
		t.Errorf("read %d times within a minute", reads)
	}
	r.Forget()
	if value() != 2 {
		t.Error("what was forgotten is shown again")
	}
	r.Forget()
	r.Value(now, time.Minute, func() (int, error) { r.Forget(); return 99, nil })
	if reads = 1; value() != 2 {
		t.Error("what was read before it was forgotten is kept")
	}
	now, fault = now.Add(time.Minute), errors.New("the database does not answer")
	if value() != 2 || reads != 3 {
		t.Errorf("after a fault: read %d times", reads)
	}
	now, fault = now.Add(-time.Hour), nil
	if value() != 4 {
		t.Error("a value from the future is shown")
	}
}
