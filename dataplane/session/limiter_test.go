package session

import (
	"errors"
	"testing"

	"sallyport/vpn"
)

func TestLimiter(t *testing.T) {
	t.Parallel()
	var l Limiter
	one, two := vpn.NewConnectionID(), vpn.NewConnectionID()
	if err := l.Reserve(one, 1); err != nil {
		t.Fatal(err)
	}
	if err := l.Reserve(one, 0); !errors.Is(err, ErrKnownConnection) {
		t.Errorf("a second holder of an ID: %v", err)
	}
	if err := l.Reserve(two, 1); !errors.Is(err, ErrFull) {
		t.Errorf("one more than the host takes: %v", err)
	}
	three := vpn.NewConnectionID()
	if err := l.Replace(two, three); !errors.Is(err, ErrFull) {
		t.Errorf("in the place of one that is not there: %v", err)
	}
	if err := l.Replace(one, three); err != nil {
		t.Fatal(err)
	}
	if err := l.Replace(three, one); !errors.Is(err, ErrKnownConnection) {
		t.Errorf("an ID that is not free yet: %v", err)
	}
	l.Release(one)
	if err := l.Replace(three, one); err != nil {
		t.Fatal(err)
	}
	l.Release(three)
	l.End(one)
	l.End(one)
	if err := l.Reserve(one, 0); !errors.Is(err, ErrKnownConnection) {
		t.Errorf("an ID whose address rests: %v", err)
	}
	if err := l.Reserve(two, 1); err != nil {
		t.Errorf("an ended connection counts: %v", err)
	}
	l.Release(one)
	l.Release(two)
	if err := l.Reserve(one, 1); err != nil {
		t.Error(err)
	}
}

func TestLimiterRefusesWhatWasTerminated(t *testing.T) {
	t.Parallel()
	var l Limiter
	one := vpn.NewConnectionID()
	if unknown, added := l.RefuseUnknown(one, "Ended."); !unknown || !added {
		t.Errorf("unknown %v, added %v", unknown, added)
	}
	if unknown, added := l.RefuseUnknown(one, "Again."); !unknown || added {
		t.Errorf("again: unknown %v, added %v", unknown, added)
	}
	if err := l.Reserve(one, 0); vpn.KindOf(err) != vpn.Denied || err.Error() != "Ended." {
		t.Errorf("a connection that was terminated before it began: %v", err)
	}
	l.Forget(one)
	if err := l.Reserve(one, 1); err != nil {
		t.Fatal(err)
	}
	if unknown, _ := l.RefuseUnknown(one, "Ended."); unknown {
		t.Error("a live connection is unknown")
	}
}
