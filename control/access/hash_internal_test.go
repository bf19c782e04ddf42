package access

import (
	"context"
	"testing"
	"time"

	"sallyport/vpn"
)

// Unknown callers wait for one of the two slots and so many at most; a known one is served beside them.
func TestQueueOfPasswords(t *testing.T) {
	t.Parallel()
	h := newPasswordHasher()
	ctx, cancel := context.WithCancel(t.Context())
	release, err := h.acquire(ctx, false) // the shared slot is busy from here on
	if err != nil {
		t.Fatal(err)
	}
	const callers = 200
	results := make(chan error, callers)
	for range callers {
		go func() {
			release, err := h.acquire(ctx, false)
			if err == nil {
				release()
			}
			results <- err
		}()
	}
	for range callers - maxHashesWaiting { // those beyond the queue are told so at once
		if err := <-results; vpn.KindOf(err) != vpn.Unavailable {
			t.Fatalf("beyond the queue: got %v", err)
		}
	}
	known, err := h.acquire(ctx, true)
	if err != nil {
		t.Fatalf("a known caller beside a full queue: %v", err)
	}
	known()
	release()
	for range maxHashesWaiting {
		if err := <-results; err != nil {
			t.Errorf("in the queue: got %v", err)
		}
	}
	cancel()
	if h.unknown.Load() != 0 || h.known.Load() != 0 {
		t.Errorf("%d and %d wait, want none", h.unknown.Load(), h.known.Load())
	}
}

// 200 passwords that unknown clients try at once hold a known caller up for no longer than one hash takes.
func TestKnownCallerBesideManyPasswords(t *testing.T) {
	t.Parallel()
	h := newPasswordHasher()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const callers = 200
	refused := make(chan struct{}, callers)
	for range callers {
		go func() {
			if _, err := h.matches(ctx, "", "guess", false); vpn.KindOf(err) == vpn.Unavailable {
				refused <- struct{}{}
			}
		}()
	}
	for range callers - maxHashesWaiting - 20 { // hashes that end make room for a few more
		<-refused
	}
	began := time.Now()
	if _, err := h.matches(ctx, "", "known", true); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	t.Logf("beside %d passwords a known caller waited %v", callers, took.Round(time.Millisecond))
	if took > 5*time.Second {
		t.Errorf("beside %d passwords a known caller waited %v", callers, took)
	}
}
