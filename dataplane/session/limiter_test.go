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
	if err := l.Reserve(two, 1); vpn.KindOf(err) != vpn.Conflict {
		t.Errorf("one more than the host takes: %v", err)
	}
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
