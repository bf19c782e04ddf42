package signin

import (
	"sync"
	"time"
)

// Lines of the log that visitors cause without an account are paced.
const (
	paceOver = time.Minute
	pacedMax = 30 // lines in that time
)

// pace bounds lines of the log. The zero value is ready.
type pace struct {
	mu      sync.Mutex // guards all below
	since   time.Time
	written int
	left    int // lines that were not written
}

// take tells whether a line may be written now, and how many were left out before it.
func (p *pace) take(now time.Time) (ok bool, left int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if passed := now.Sub(p.since); passed < 0 || passed >= paceOver {
		p.since, p.written = now, 0
	}
	if p.written >= pacedMax {
		p.left++
		return false, 0
	}
	p.written++
	left, p.left = p.left, 0
	return true, left
}
