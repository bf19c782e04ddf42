package ovpn

import "sync"

// Limits of the backlog of events. OpenVPN stops forwarding packets while its socket is not read, so
// the reader must never wait for the consumer. From maxInformative on, informative events are dropped;
// at maxBacklog the connection ends with ErrStalled, and the consumer must dial again and start from
// Status.
const (
	maxInformative = 10_000
	maxBacklog     = 50_000
)

// queue holds events between the reader, which never waits, and the consumer.
type queue struct {
	mu      sync.Mutex // guards events and dropped
	events  []Event
	dropped uint64
	wake    chan struct{}
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// put adds an event, and reports false when the backlog is full.
func (q *queue) put(e Event) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch n := len(q.events); {
	case n >= maxBacklog:
		return false
	case n >= maxInformative && isInformative(e):
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

// next removes and returns the oldest event, if there is one.
func (q *queue) next() (Event, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events) == 0 {
		q.events = nil // releases the memory of a long backlog
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

// isInformative reports whether dropping the event loses no state. Byte counts are totals and repeated.
func isInformative(e Event) bool {
	switch e.(type) {
	case Log, ByteCount, Notify, Other, TLSRefused, Full:
		return true
	}
	return false
}
