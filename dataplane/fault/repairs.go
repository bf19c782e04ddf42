package fault

import (
	"slices"
	"sync"
	"time"

	"sallyport/vpn"
)

// Repairs keeps the latest repairs, so that an administrator can see that another process changes
// what the dataplane has set up. The zero value is empty. It is safe for concurrent use.
type Repairs struct {
	mu     sync.Mutex // guards latest; no other lock is taken under it
	latest []vpn.Fault
}

// maxRepairs is how many repairs are kept.
const maxRepairs = 20

// Add records a repair.
func (r *Repairs) Add(subject, sentence string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.latest); n >= maxRepairs {
		r.latest = slices.Delete(r.latest, 0, n-maxRepairs+1)
	}
	r.latest = append(r.latest, vpn.Fault{Subject: subject, Message: sentence, Since: now.UTC()})
}

// All gives the repairs, newest first.
func (r *Repairs) All() []vpn.Fault {
	out := r.Snapshot()
	slices.Reverse(out)
	return out
}

// Snapshot gives what the next process should load: the repairs, oldest first.
func (r *Repairs) Snapshot() []vpn.Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.latest)
}

// Load takes over the repairs of an earlier process.
func (r *Repairs) Load(oldestFirst []vpn.Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := append(slices.Clone(oldestFirst), r.latest...)
	r.latest = all[max(0, len(all)-maxRepairs):]
}
