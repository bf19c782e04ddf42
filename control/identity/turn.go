package identity

import (
	"context"
	"sync"

	"sallyport/store"
)

// maxTurns is how many sign-ins of one account may wait for each other.
const maxTurns = 32

// turns has the sign-ins of one account follow each other. On several nodes each has its own: so many may be judged by the
// same count.
type turns struct {
	mu    sync.Mutex // guards queue; held for no call
	queue map[store.SignInID]*turn
}

type turn struct {
	free   chan struct{} // has the turn while no sign-in has it
	wanted int           // sign-ins that have it or wait for it
}

// take waits for the turn of an account. A nil release tells that too many wait.
func (t *turns) take(ctx context.Context, account store.SignInID) (release func(), err error) {
	t.mu.Lock()
	q := t.queue[account]
	if q == nil {
		q = &turn{free: make(chan struct{}, 1)}
		q.free <- struct{}{}
		t.queue[account] = q
	}
	if q.wanted >= maxTurns {
		t.mu.Unlock()
		return nil, nil
	}
	q.wanted++
	t.mu.Unlock()
	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if q.wanted--; q.wanted == 0 {
			delete(t.queue, account)
		}
	}
	select {
	case <-q.free:
		return func() { q.free <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, errSlowSignIns.Because(ctx.Err())
	}
}
