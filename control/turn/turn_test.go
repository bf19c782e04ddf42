package turn

import (
	"context"
	"errors"
	"runtime"
	"testing"
)

func TestTurns(t *testing.T) {
	t.Parallel()
	var turns Turns[string]
	limit := Limit{Places: 2, Wanted: 3}
	var done []func()
	for range 2 {
		d, err := turns.Take(t.Context(), "a", limit)
		if err != nil {
			t.Fatal(err)
		}
		done = append(done, d)
	}
	waiting := make(chan func())
	go func() {
		d, err := turns.Take(t.Context(), "a", limit)
		if err != nil {
			t.Error(err)
		}
		waiting <- d
	}()
	wanted := func() int { turns.mu.Lock(); defer turns.mu.Unlock(); return turns.of["a"].wanted }
	for wanted() < 3 {
		runtime.Gosched()
	}
	if _, err := turns.Take(t.Context(), "a", limit); !errors.Is(err, ErrMany) {
		t.Errorf("a fourth: %v", err)
	}
	other, err := turns.Take(t.Context(), "b", limit)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-waiting:
		t.Error("a third has its turn beside two")
	default:
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := turns.Take(canceled, "c", Limit{}); !errors.Is(err, context.Canceled) {
		t.Errorf("of a caller that is gone: %v", err)
	}
	done[0]()
	(<-waiting)()
	done[1]()
	other()
	if len(turns.of) != 0 {
		t.Errorf("%d keys are left", len(turns.of))
	}
}
