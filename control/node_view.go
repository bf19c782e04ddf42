package control

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"sallyport/vpn"
)

// NodeView is the state of this node's dataplane as the console shows it.
type NodeView struct {
	Name      string
	Zones     []string
	Reachable bool
	Status    vpn.NodeStatus // the last answer, also where none comes any more
	SeenAt    time.Time      // of that answer; zero: none came since this process started
	Sentence  string         // what is wrong in the first place; "" where nothing is
	Since     time.Time      // since when it is, as far as this process knows
}

// Node tells how the dataplane is, by an answer that is at most a few seconds old.
func (s *Service) Node(ctx context.Context, by Principal) (NodeView, error) {
	if err := by.May(vpn.DescribeNode, ""); err != nil {
		return NodeView{}, err
	}
	v := s.nodes.view(ctx)
	v.Name, v.Zones = s.node, slices.Clone(s.zones)
	if f, wrong := s.core.StoreFault(); wrong {
		v.Status.Faults = append([]vpn.Fault{f}, v.Status.Faults...)
		if v.Reachable { // otherwise there is worse to tell
			v.Sentence, v.Since = f.Sentence, f.Since
		}
	}
	return v, nil
}

const (
	nodeWait   = 500 * time.Millisecond // a page does not wait longer than this
	nodeLife   = 2 * time.Second        // how long an answer, or that there was none, stands
	nodeSilent = 10 * time.Second       // how long a silence stands while it is being asked again
)

// nodeWatch shares the dataplane's answers among the pages, each of which shows how the node is. A
// dataplane that hangs costs a page nodeWait once; later ones show at once what is known.
type nodeWatch struct {
	dataplane Dataplane
	now       func() time.Time

	mu       sync.Mutex
	answered time.Time // when the last question was answered or given up
	status   vpn.NodeStatus
	seenAt   time.Time
	lostAt   time.Time // when the first question in a row failed
	err      error
	asking   chan struct{} // closed when the question under way is over; nil: there is none
}

// ask asks the dataplane and remembers the answer.
func (w *nodeWatch) ask(ctx context.Context) (vpn.NodeStatus, error) {
	began := w.now()
	status, err := w.dataplane.Status(ctx)
	if !errors.Is(ctx.Err(), context.Canceled) { // whoever asked has left: that says nothing
		w.note(began, status, err)
	}
	return status, err
}

func (w *nodeWatch) note(began time.Time, status vpn.NodeStatus, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil && began.Before(w.answered) && w.err == nil {
		return // a later question was answered meanwhile
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

func (w *nodeWatch) view(ctx context.Context) NodeView {
	w.refresh(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	v := NodeView{Reachable: w.err == nil && !w.seenAt.IsZero(), Status: w.status, SeenAt: w.seenAt}
	switch {
	case w.err != nil:
		v.Sentence = "No dataplane answers on this host, so nobody new can connect and no change takes effect; who is connected stays connected: " + w.err.Error()
		v.Since = w.lostAt
	case !v.Reachable:
		v.Sentence = "The dataplane on this host has not answered yet."
	case len(w.status.Faults) > 0:
		v.Sentence, v.Since = w.status.Faults[0].Sentence, w.status.Faults[0].Since
	}
	return v
}

// refresh asks again where the last answer is too old, and waits for the new one unless a recent
// silence can be told at once.
func (w *nodeWatch) refresh(ctx context.Context) {
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
			// Not the page's own deadline: the answer is for the next pages as well.
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
