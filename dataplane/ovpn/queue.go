package ovpn

import "sync"

// How far events may pile up before a consumer that stalls costs something. OpenVPN stops
// carrying packets while nobody reads its socket, so the reader never waits for the consumer:
// from the first mark on, what only informs is dropped; at the second, the connection is given
// up with ErrStalled, and the consumer starts afresh from Status as after any other gap.
const (
	backlogInforms = 10_000
	backlogMost    = 50_000
)

// queue holds events between the reader, which never waits, and the consumer.
type queue struct {
	mu      sync.Mutex
	events  []Event
	dropped uint64
	wake    chan struct{}
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// put reports false when the consumer is too far behind.
func (q *queue) put(e Event) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch n := len(q.events); {
	case n >= backlogMost:
		return false
	case n >= backlogInforms && informs(e):
		q.dropped++
		return true
	}
	q.events = append(q.events, e)
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return true
}

// next gives the oldest event, if there is one.
func (q *queue) next() (Event, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events) == 0 {
		q.events = nil // lets go of what a long backlog had grown to
		return nil, false
	}
	e := q.events[0]
	q.events[0] = nil
	q.events = q.events[1:]
	return e, true
}

func (q *queue) backlog() (waiting int, dropped uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.events), q.dropped
}

// informs tells whether losing the event loses no state: byte counts are totals and come again.
func informs(e Event) bool {
	switch e.(type) {
	case Log, ByteCount, Notify, Other, TLSRefused:
		return true
	}
	return false
}
