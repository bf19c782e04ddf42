package turn

import (
	"context"
	"errors"
	"testing"
)

// One source leaves places to others, and all together have no more than there are.
func TestSources(t *testing.T) {
	t.Parallel()
	s := Sources{OfOne: Limit{Places: 1, Wanted: 1}, OfAll: Limit{Places: 2, Wanted: 2}}
	take := func(source string) func() {
		done, err := s.Take(t.Context(), source)
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		return done
	}
	a := take("192.0.2.1")
	if _, err := s.Take(t.Context(), "192.0.2.1"); !errors.Is(err, ErrMany) {
		t.Errorf("the same source: %v", err)
	}
	b := take("192.0.2.2")
	for range 2 { // a refusal keeps no place
		if _, err := s.Take(t.Context(), "192.0.2.3"); !errors.Is(err, ErrMany) {
			t.Errorf("a third source: %v", err)
		}
	}
	a()
	c := take("192.0.2.3")
	b()
	c()
	late, cancel := context.WithCancel(t.Context())
	cancel()
	s.OfAll.Wanted = 0
	first, second := take("192.0.2.1"), take("192.0.2.2")
	if _, err := s.Take(late, "192.0.2.3"); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that is gone: %v", err)
	}
	first()
	second()
	if len(s.turns.of) != 0 {
		t.Errorf("%d keys are left", len(s.turns.of))
	}
}
