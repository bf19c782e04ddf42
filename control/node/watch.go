package node

import (
	"context"
	"errors"
	"sync"
	"time"

	"sallyport/vpn"
)

const (
	nodeWait   = 500 * time.Millisecond // the longest that a page waits
	nodeLife   = 2 * time.Second        // how long an answer, or a failure, is used
	nodeSilent = 10 * time.Second       // how long a failure is shown while the dataplane is asked again
)

// watch shares the dataplane's answers among the pages, each of which shows the state of the node.
// Where the dataplane does not answer, one page waits nodeWait; later pages show the last state at once.
type watch struct {
	dataplane Dataplane
	now       func() time.Time

	mu       sync.Mutex // guards the fields below; not held while the dataplane is asked
	answered time.Time  // when the last request was answered or failed
	status   vpn.NodeStatus
	seenAt   time.Time
	lostAt   time.Time // when the first request in a row failed
	err      error
	asking   chan struct{} // closed at the end of the request that is under way; nil: there is none
}

// ask asks the dataplane and keeps the answer.
func (w *watch) ask(ctx context.Context) (vpn.NodeStatus, error) {
	began := w.now()
	status, err := w.dataplane.Status(ctx)
	if !errors.Is(ctx.Err(), context.Canceled) { // the caller gave up: that tells nothing about the dataplane
		w.note(began, status, err)
	}
	return status, err
}

func (w *watch) note(began time.Time, status vpn.NodeStatus, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil && began.Before(w.answered) && w.err == nil {
		return // a later request was answered in the meantime
	}
	now := w.now()
	switch {
	case err == nil:
		w.status, w.seenAt = status, now
	case w.err == nil:
		w.lostAt = now
	}
	w.answered, w.err = now, err
}

func (w *watch) view(ctx context.Context) View {
	w.refresh(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	v := View{Reachable: w.err == nil && !w.seenAt.IsZero(), Status: w.status, SeenAt: w.seenAt}
	switch {
	case w.err != nil:
		v.Message = "No dataplane answers on this host, so new clients cannot connect and changes do not take effect. Connected clients stay connected. " + w.err.Error()
		v.Since = w.lostAt
	case !v.Reachable:
		v.Message = "The dataplane on this host has not answered yet."
	case len(w.status.Faults) > 0:
		v.Message, v.Since = w.status.Faults[0].Message, w.status.Faults[0].Since
	}
	return v
}

// refresh asks again where the last answer is too old, and waits for the new answer unless the last
// request failed recently.
func (w *watch) refresh(ctx context.Context) {
	w.mu.Lock()
	age := w.now().Sub(w.answered)
	if age >= 0 && age < nodeLife {
		w.mu.Unlock()
		return
	}
	if w.asking == nil {
		over := make(chan struct{})
		w.asking = over
		go func() {
			// Without the page's own deadline: the answer is for the next pages too.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), nodeWait)
			defer cancel()
			_, _ = w.ask(ctx)
			w.mu.Lock()
			defer w.mu.Unlock()
			w.asking = nil
			close(over)
		}()
	}
	over, silent := w.asking, w.err != nil && age >= 0 && age < nodeSilent
	w.mu.Unlock()
	if silent {
		return
	}
	select {
	case <-over:
	case <-ctx.Done():
	}
}
