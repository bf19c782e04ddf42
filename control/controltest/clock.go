package controltest

import (
	"sync"
	"time"
)

// Clock is a clock that a test moves.
type Clock struct {
	mu    sync.Mutex // guards the fields below
	at    time.Time  // zero: the clock runs
	ahead time.Duration
}

// RunningClock shows the real time until a test moves it.
func RunningClock() *Clock { return &Clock{} }

func standingClock() *Clock { return &Clock{at: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)} }

// Now gives the time that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		return time.Now().Add(c.ahead)
	}
	return c.at.Add(c.ahead)
}

// Pass moves the clock.
func (c *Clock) Pass(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.ahead += d }
