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
	added   chan struct{}               // closed and replaced when streams have more to yield

	expected map[string]bool // IDs of Expect
	gone     []entry         // IDs of the last pended logins that wait no longer
	lost     uint64          // the number of the newest that gone does not have any more
}

// entry is one login's place in the queue. Numbers only grow.
type entry struct {
	number uint64
	id     string
}

// NewQueue makes an empty queue.
func NewQueue() *Queue {
	return &Queue{waiting: map[string]vpn.LoginRequest{}, expected: map[string]bool{}, added: make(chan struct{})}
}

// Add puts a login into the queue and wakes the streams. Its ID must be new.
func (q *Queue) Add(r vpn.LoginRequest) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting[r.ID] = r
	delete(q.expected, r.ID)
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
	q.wake()
}

// wake has streams look for more; q.mu is held.
func (q *Queue) wake() {
	close(q.added)
	q.added = make(chan struct{})
}

// Expect tells that a login of an earlier process, which was pended, may wait again: Add or Remove says whether it does. Until
// then no stream says that it has had all.
func (q *Queue) Expect(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.expected[id] = true
}

// Remove takes a login out: it was decided, or its client no longer waits. Streams hear of it where it was pended.
func (q *Queue) Remove(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting[id].Pending || q.expected[id] {
		q.newest++
		q.gone = append(q.gone, entry{q.newest, id})
		if drop := len(q.gone) - keptGone; drop >= keptGone {
			q.lost, q.gone = q.gone[drop-1].number, slices.Clone(q.gone[drop:])
		}
		q.wake()
	}
	delete(q.expected, id)
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

// keptGone is of how many logins that wait no longer a stream hears that is read slowly. One that lags further behind ends: the
// next one compares.
const keptGone = 4096

// minOrder is how long order may become before Remove compacts it.
const minOrder = 64

// Endpoint gives the endpoint at which a login waits; ok is false where it does not wait.
func (q *Queue) Endpoint(id string) (endpoint vpn.EndpointID, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	r, ok := q.waiting[id]
	return r.Endpoint, ok
}

// position is what a stream has had.
type position struct {
	login uint64 // the number of its last login
	gone  uint64 // likewise, of those that wait no longer
	all   bool   // it has said so
}

// Stream yields every login that waits and then each new one, oldest first and each once, until
// ctx ends. A second stream yields the logins that still wait again: a web process that connects
// again may have lost them. When it has had all it says so; from its beginning it tells which pended logins wait no longer.
func (q *Queue) Stream(ctx context.Context) iter.Seq[vpn.LoginNews] {
	return func(yield func(vpn.LoginNews) bool) {
		at := position{gone: q.now()}
		for ctx.Err() == nil {
			n, ok, changed := q.next(&at)
			if !ok && changed == nil {
				return
			}
			if !ok {
				select {
				case <-changed:
				case <-ctx.Done():
				}
				continue
			}
			if !yield(n) {
				return
			}
		}
	}
}

func (q *Queue) now() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.newest
}

// next gives what a stream yields next, and moves its position. Where there is nothing changed is closed when there may be;
// it is nil where the stream has missed something.
func (q *Queue) next(at *position) (n vpn.LoginNews, ok bool, changed <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if at.gone < q.lost {
		return n, false, nil
	}
	for _, e := range after(q.gone, at.gone) {
		at.gone = e.number
		return vpn.LoginNews{LoginRequest: vpn.LoginRequest{ID: e.id}, Gone: true}, true, nil
	}
	for _, e := range after(q.order, at.login) {
		if r, waits := q.waiting[e.id]; waits {
			at.login = e.number
			return vpn.LoginNews{LoginRequest: r}, true, nil
		}
	}
	if !at.all && len(q.expected) == 0 {
		at.all = true
		return vpn.LoginNews{All: true}, true, nil
	}
	return n, false, q.added
}

// after gives the entries with greater numbers.
func after(entries []entry, number uint64) []entry {
	return entries[sort.Search(len(entries), func(i int) bool { return entries[i].number > number }):]
}
