// Package login keeps the logins that wait for web's decision. They are in memory only: a login may
// carry a secret, so it is written to no file, and a login that waited when the dataplane ended is
// made again by its client.
package login

import (
	"context"
	"iter"
	"slices"
	"sort"
	"sync"

	"sallyport/vpn"
)

// Queue is the waiting logins of all endpoints of the host, in the order in which they came. A
// Queue is safe for concurrent use.
type Queue struct {
	mu      sync.Mutex                  // guards the fields below; no other lock is taken under it
	waiting map[string]vpn.LoginRequest // by ID
	order   []entry                     // IDs in the order of Add; some may have been removed
	newest  uint64                      // the number of the last entry
	added   chan struct{}               // closed and replaced by Add
}

// entry is one login's place in the queue. Numbers only grow.
type entry struct {
	number uint64
	id     string
}

// NewQueue makes an empty queue.
func NewQueue() *Queue {
	return &Queue{waiting: map[string]vpn.LoginRequest{}, added: make(chan struct{})}
}

// Add puts a login into the queue and wakes the streams. Its ID must be new.
func (q *Queue) Add(r vpn.LoginRequest) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting[r.ID] = r
	q.append(r.ID)
}

// Update changes a login that waits. Streams yield it once more where again is true.
func (q *Queue) Update(r vpn.LoginRequest, again bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, waits := q.waiting[r.ID]; !waits {
		return
	}
	q.waiting[r.ID] = r
	if again {
		q.order = slices.DeleteFunc(q.order, func(e entry) bool { return e.id == r.ID })
		q.append(r.ID)
	}
}

// append puts a login at the end; q.mu is held.
func (q *Queue) append(id string) {
	q.newest++
	q.order = append(q.order, entry{q.newest, id})
	close(q.added)
	q.added = make(chan struct{})
}

// Remove takes a login out: it was decided, or its client no longer waits.
func (q *Queue) Remove(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.waiting, id)
	if len(q.order) < 2*len(q.waiting)+minOrder {
		return
	}
	kept := make([]entry, 0, len(q.waiting))
	for _, e := range q.order {
		if _, waits := q.waiting[e.id]; waits {
			kept = append(kept, e)
		}
	}
	q.order = kept
}

// minOrder is how long order may become before Remove compacts it.
const minOrder = 64

// Endpoint gives the endpoint at which a login waits; ok is false where it does not wait.
func (q *Queue) Endpoint(id string) (endpoint vpn.EndpointID, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	r, ok := q.waiting[id]
	return r.Endpoint, ok
}

// Stream yields every login that waits and then each new one, oldest first and each once, until
// ctx ends. A second stream yields the logins that still wait again: a web process that connects
// again may have lost them.
func (q *Queue) Stream(ctx context.Context) iter.Seq[vpn.LoginRequest] {
	return func(yield func(vpn.LoginRequest) bool) {
		var last uint64
		for ctx.Err() == nil {
			r, number, added := q.next(last)
			if number == 0 {
				select {
				case <-added:
				case <-ctx.Done():
				}
				continue
			}
			last = number
			if !yield(r) {
				return
			}
		}
	}
}

// next gives the oldest login that waits after a number, and its own number; number is 0 where there
// is none, and added is closed when there may be one.
func (q *Queue) next(last uint64) (r vpn.LoginRequest, number uint64, added <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range q.order[sort.Search(len(q.order), func(i int) bool { return q.order[i].number > last }):] {
		if r, waits := q.waiting[e.id]; waits {
			return r, e.number, nil
		}
	}
	return vpn.LoginRequest{}, 0, q.added
}
