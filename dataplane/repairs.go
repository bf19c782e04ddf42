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
	out := r.oldestFirst()
	slices.Reverse(out)
	return out
}

func (r *repairs) oldestFirst() []vpn.Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.last)
}

// restore takes over what an earlier process had mended.
func (r *repairs) restore(oldestFirst []vpn.Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := append(slices.Clone(oldestFirst), r.last...)
	r.last = all[max(0, len(all)-repairsKept):]
}
