// Package turn has callers take turns, by what they wait for.
package turn

import (
	"context"
	"errors"
	"sync"
)

// ErrMany tells that too many wait already.
var ErrMany = errors.New("too many wait for their turn")

// Turns gives those of one key a bounded number of places at a time. The zero value is ready. Each process has its own.
type Turns[K comparable] struct {
	mu sync.Mutex // guards of; held for no wait
	of map[K]*places
}

type places struct {
	free   chan struct{} // has what is taken
	wanted int           // by those that wait, and those that have a place
}

// Limit is how many of a key have their turn at a time, and how many wait or have it; 0: no bound.
type Limit struct{ Places, Wanted int }

// Take waits for a turn of a key, whose limit is always the same. done ends it. The error is ErrMany, or that of ctx.
func (t *Turns[K]) Take(ctx context.Context, key K, limit Limit) (done func(), err error) {
	t.mu.Lock()
	if t.of == nil {
		t.of = map[K]*places{}
	}
	at := t.of[key]
	if at == nil {
		at = &places{free: make(chan struct{}, limit.Places)}
		t.of[key] = at
	}
	if limit.Wanted > 0 && at.wanted >= limit.Wanted {
		t.mu.Unlock()
		return nil, ErrMany
	}
	at.wanted++
	t.mu.Unlock()
	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if at.wanted--; at.wanted == 0 {
			delete(t.of, key)
		}
	}
	select {
	case at.free <- struct{}{}:
		return func() { <-at.free; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
