package control_test

import (
	"context"
	"iter"
	"slices"
	"sync"

	"sallyport/vpn"
)

// fakeDataplane is a root process that does what the test says. By default it applies at once
// whatever it is sent.
type fakeDataplane struct {
	mu         sync.Mutex
	down       error // every call fails with it
	slow       bool  // what is sent is not applied yet
	refuse     error // Apply fails with it
	refuseEnd  error // Terminate fails with it
	faults     map[vpn.EndpointID][]vpn.Fault
	desired    map[vpn.EndpointID]vpn.Desired
	applied    map[vpn.EndpointID]uint64
	applies    int
	forgotten  []vpn.EndpointID
	terminated []vpn.ConnectionID
	live       []vpn.LiveConnection
	spool      []vpn.Event
	logins     []vpn.LoginRequest
	repeat     bool // Events begins at the oldest event, whatever was asked for
	asked      []string
	acked      []uint64
	decisions  []vpn.LoginDecision
	onDecide   func(vpn.LoginDecision)
}

func newFakeDataplane() *fakeDataplane {
	return &fakeDataplane{faults: map[vpn.EndpointID][]vpn.Fault{}, desired: map[vpn.EndpointID]vpn.Desired{}, applied: map[vpn.EndpointID]uint64{}}
}

var errDown = vpn.Refuse(vpn.Unavailable, "Unavailable", "The dataplane does not answer.")

// do changes the script while other goroutines may be asking.
func (d *fakeDataplane) do(f func()) { d.mu.Lock(); defer d.mu.Unlock(); f() }

func (d *fakeDataplane) Status(context.Context) (vpn.NodeStatus, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := vpn.NodeStatus{Instance: "i"}
	for id, applied := range d.applied {
		s.Endpoints = append(s.Endpoints, vpn.EndpointStatus{Endpoint: id, Applied: applied, Faults: slices.Clone(d.faults[id])})
	}
	return s, d.down
}

func (d *fakeDataplane) Apply(_ context.Context, want vpn.Desired) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.down != nil:
		return d.down
	case d.refuse != nil:
		return d.refuse
	case d.desired[want.Endpoint].Generation > want.Generation:
		return vpn.Refuse(vpn.Stale, "Stale", "There is a newer one.")
	}
	if err := want.Validate(); err != nil {
		return err
	}
	d.applies++
	d.desired[want.Endpoint] = want
	if d.slow {
		d.applied[want.Endpoint] += 0 // known, though nothing is in the kernel
	} else {
		d.applied[want.Endpoint] = want.Generation
	}
	return nil
}

func (d *fakeDataplane) Forget(_ context.Context, id vpn.EndpointID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgotten = append(d.forgotten, id)
	if d.down == nil && !d.slow {
		delete(d.applied, id)
		delete(d.desired, id)
	}
	return d.down
}

func (d *fakeDataplane) Events(_ context.Context, epoch string, after uint64) iter.Seq2[vpn.Event, error] {
	d.mu.Lock()
	spool := slices.Clone(d.spool)
	d.asked = append(d.asked, epoch)
	repeat, down := d.repeat, d.down
	d.mu.Unlock()
	return func(yield func(vpn.Event, error) bool) {
		if down != nil {
			yield(vpn.Event{}, down)
			return
		}
		for _, e := range spool {
			if !repeat && e.Epoch == epoch && e.Seq <= after {
				continue
			}
			if !yield(e, nil) {
				return
			}
		}
		yield(vpn.Event{}, errDown)
	}
}

func (d *fakeDataplane) Logins(context.Context) iter.Seq2[vpn.LoginRequest, error] {
	d.mu.Lock()
	waiting := slices.DeleteFunc(slices.Clone(d.logins), func(r vpn.LoginRequest) bool { // those that were answered
		return slices.ContainsFunc(d.decisions, func(a vpn.LoginDecision) bool { return a.ID == r.ID })
	})
	d.mu.Unlock()
	return func(yield func(vpn.LoginRequest, error) bool) {
		for _, r := range waiting {
			if !yield(r, nil) {
				return
			}
		}
		yield(vpn.LoginRequest{}, errDown)
	}
}

func (d *fakeDataplane) Acknowledge(_ context.Context, _ string, seq uint64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.acked = append(d.acked, seq)
	return d.down
}

func (d *fakeDataplane) Decide(_ context.Context, decisions []vpn.LoginDecision) error {
	if d.onDecide != nil {
		for _, decision := range decisions {
			d.onDecide(decision)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.decisions = append(d.decisions, decisions...)
	return d.down
}

func (d *fakeDataplane) Terminate(_ context.Context, ids []vpn.ConnectionID, _ string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down != nil {
		return d.down
	}
	d.terminated = append(d.terminated, ids...)
	return d.refuseEnd
}

func (d *fakeDataplane) Connections(context.Context) ([]vpn.LiveConnection, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.live), d.down
}
