package control

import (
	"sync"
	"time"
)

// Recent is what was read last of something that every page shows. The zero value has nothing. It may be used by many goroutines.
type Recent[T any] struct {
	mu    sync.Mutex // guards the rest; held for no read
	at    time.Time
	value T
	turn  int // counts Forget: what was read before one of them is not kept
}

// Value gives what was read last, if it is young; else it reads again. Where that fails it gives the last value: a page without news
// is better than none.
func (r *Recent[T]) Value(now time.Time, life time.Duration, read func() (T, error)) T {
	r.mu.Lock()
	at, value, turn := r.at, r.value, r.turn
	r.mu.Unlock()
	if IsYoung(at, now, life) {
		return value
	}
	next, err := read()
	if err != nil {
		return value
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.turn == turn {
		r.at, r.value = now, next
	}
	return next
}

// Forget has the next call read again.
func (r *Recent[T]) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = time.Time{}
	r.turn++
}
