package dataplane

import (
	"slices"
	"sync"
	"time"

	"sallyport/vpn"
)

// repairs remembers what was mended, for the administrator who wonders who changes things.
type repairs struct {
	mu   sync.Mutex
	last []vpn.Fault
}

const repairsKept = 20

func (r *repairs) note(subject, sentence string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.last); n >= repairsKept {
		r.last = slices.Delete(r.last, 0, n-repairsKept+1)
	}
	r.last = append(r.last, vpn.Fault{Subject: subject, Sentence: sentence, Since: now.UTC()})
}

// list gives the newest first.
func (r *repairs) list() []vpn.Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := slices.Clone(r.last)
	slices.Reverse(out)
	return out
}
