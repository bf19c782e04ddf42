package controltest

import (
	"cmp"
	"context"
	"iter"
	"net/netip"
	"slices"
	"sync"

	"sallyport/vpn"
)

// Dataplane is a root process that does what the test says. By default it applies at once what it is
// sent. Do changes the fields while other goroutines use it.
type Dataplane struct {
	mu            sync.Mutex      // guards the fields below
	Down          error           // every call fails with it
	Slow          bool            // what is sent is not applied yet
	Refuse        error           // Apply fails with it
	RefuseEnd     error           // Terminate fails with it
	Hangs         bool            // Status is not answered
	Said          *vpn.NodeStatus // what Status answers, instead of what was applied
	Faults        map[vpn.EndpointID][]vpn.Fault
	TargetWays    map[vpn.EndpointID][]vpn.Way // that Status reports
	Desired       map[vpn.EndpointID]vpn.Desired
	Applied       map[vpn.EndpointID]uint64
	Applies       int
	Questions     int // how often Status was asked
	Forgotten     []vpn.EndpointID
	Terminated    []vpn.ConnectionID
	Messages      []string // that the users of terminated connections were shown
	Live          []vpn.LiveConnection
	EventLog      []vpn.Event
	WaitingLogins []vpn.LoginRequest
	GoneLogins    []string // the IDs of logins of which Logins says that they wait no longer
	TellsGone     bool     // Logins says that it has had all
	Repeat        bool     // Events begins at the oldest event, whatever was asked for
	Asked         []string // the epochs that Events was asked for
	Acknowledged  []uint64
	Decisions     []vpn.LoginDecision
	Identities    []vpn.SessionIdentity // that Identify was called with
	RefuseUsers   error                 // Identify fails with it
	OnDecide      func(vpn.LoginDecision)
	RefuseDecide  error // Decide fails with it
	RefusePend    error // Pend fails with it
	OnPend        func(vpn.LoginPending)
	Machine       vpn.Host // what Host answers
	RefusePlace   error    // CheckPlace fails with it
	Places        []vpn.Place
	Probes        []vpn.ProbeRequest // that Probe was called with
	ProbeAnswer   vpn.ProbeAnswer    // what Probe answers
	RefuseProbe   error              // Probe fails with it
	Connected     []netip.AddrPort   // that Connect was called with
	ConnectedFrom netip.Addr
	Connecting    func()                    // is called at each connection
	ConnectError  error                     // Connect fails with it
	Ways          map[netip.Addr]vpn.WayOut // what WayOut answers; else the way by eth0
}

// NewDataplane makes a dataplane without endpoints.
func NewDataplane() *Dataplane {
	return &Dataplane{Faults: map[vpn.EndpointID][]vpn.Fault{}, TargetWays: map[vpn.EndpointID][]vpn.Way{}, Desired: map[vpn.EndpointID]vpn.Desired{}, Applied: map[vpn.EndpointID]uint64{},
		Machine: vpn.Host{Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.10")}, EveryAddress: true}}
}

// ErrDown is the error of a dataplane that does not answer.
var ErrDown = vpn.Refuse(vpn.Unavailable, vpn.CodeDataplaneUnavailable, "The dataplane does not answer.")

// Do changes the script while other goroutines may be asking.
func (d *Dataplane) Do(f func()) { d.mu.Lock(); defer d.mu.Unlock(); f() }

func (d *Dataplane) Status(ctx context.Context) (vpn.NodeStatus, error) {
	d.mu.Lock()
	hangs := d.Hangs
	d.Questions++
	d.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return vpn.NodeStatus{}, vpn.Refuse(vpn.Unavailable, vpn.CodeDataplaneUnavailable, "The dataplane does not answer in time.")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Said != nil {
		return *d.Said, d.Down
	}
	s := vpn.NodeStatus{Instance: "i"}
	for id, applied := range d.Applied {
		s.Endpoints = append(s.Endpoints, vpn.EndpointStatus{Endpoint: id, Applied: applied, Faults: slices.Clone(d.Faults[id]), Ways: slices.Clone(d.TargetWays[id])})
	}
	return s, d.Down
}

func (d *Dataplane) Apply(_ context.Context, want vpn.Desired) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.Down != nil:
		return d.Down
	case d.Refuse != nil:
		return d.Refuse
	case d.Desired[want.Endpoint].Generation > want.Generation:
		return vpn.Refuse(vpn.Stale, vpn.CodeIncorrectState, "There is a newer one.")
	}
	if err := want.Validate(); err != nil {
		return err
	}
	d.Applies++
	d.Desired[want.Endpoint] = want
	if d.Slow {
		d.Applied[want.Endpoint] += 0 // known, though nothing is in the kernel
	} else {
		d.Applied[want.Endpoint] = want.Generation
	}
	return nil
}

func (d *Dataplane) Forget(_ context.Context, id vpn.EndpointID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Forgotten = append(d.Forgotten, id)
	if d.Down == nil && !d.Slow {
		delete(d.Applied, id)
		delete(d.Desired, id)
	}
	return d.Down
}

func (d *Dataplane) Events(_ context.Context, epoch string, after uint64) iter.Seq2[vpn.Event, error] {
	d.mu.Lock()
	events := slices.Clone(d.EventLog)
	d.Asked = append(d.Asked, epoch)
	repeat, down := d.Repeat, d.Down
	d.mu.Unlock()
	return func(yield func(vpn.Event, error) bool) {
		if down != nil {
			yield(vpn.Event{}, down)
			return
		}
		for _, e := range events {
			if !repeat && e.Epoch == epoch && e.Seq <= after {
				continue
			}
			if !yield(e, nil) {
				return
			}
		}
		yield(vpn.Event{}, ErrDown)
	}
}

// Logins yields the logins that wait. A stream of a dataplane that says who is gone says that these are all.
func (d *Dataplane) Logins(context.Context) iter.Seq2[vpn.LoginNews, error] {
	d.mu.Lock()
	waiting := slices.DeleteFunc(slices.Clone(d.WaitingLogins), func(r vpn.LoginRequest) bool { // those that were answered
		return slices.ContainsFunc(d.Decisions, func(a vpn.LoginDecision) bool { return a.ID == r.ID })
	})
	gone, compares := slices.Clone(d.GoneLogins), d.TellsGone
	d.mu.Unlock()
	return func(yield func(vpn.LoginNews, error) bool) {
		for _, r := range waiting {
			if !yield(vpn.LoginNews{LoginRequest: r}, nil) {
				return
			}
		}
		for _, id := range gone {
			if !yield(vpn.LoginNews{LoginRequest: vpn.LoginRequest{ID: id}, Gone: true}, nil) {
				return
			}
		}
		if compares && !yield(vpn.LoginNews{All: true}, nil) {
			return
		}
		yield(vpn.LoginNews{}, ErrDown)
	}
}

func (d *Dataplane) Acknowledge(_ context.Context, _ string, seq uint64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Acknowledged = append(d.Acknowledged, seq)
	return d.Down
}

func (d *Dataplane) Decide(_ context.Context, decisions []vpn.LoginDecision) error {
	if d.OnDecide != nil {
		for _, decision := range decisions {
			d.OnDecide(decision)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Decisions = append(d.Decisions, decisions...)
	return cmp.Or(d.Down, d.RefuseDecide)
}

func (d *Dataplane) Pend(_ context.Context, ps ...vpn.LoginPending) error {
	d.mu.Lock()
	failure, tell := cmp.Or(d.Down, d.RefusePend), d.OnPend
	for i := range d.WaitingLogins {
		for _, p := range ps {
			if failure == nil && d.WaitingLogins[i].ID == p.ID {
				d.WaitingLogins[i].Pending, d.WaitingLogins[i].Answer = true, ""
			}
		}
	}
	d.mu.Unlock()
	for _, p := range ps {
		if err := p.Validate(); err != nil {
			return err
		}
		if failure == nil && tell != nil {
			tell(p)
		}
	}
	return failure
}

func (d *Dataplane) Terminate(_ context.Context, ids []vpn.ConnectionID, message string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Down != nil {
		return d.Down
	}
	d.Terminated = append(d.Terminated, ids...)
	d.Messages = append(d.Messages, message)
	return d.RefuseEnd
}

func (d *Dataplane) Identify(_ context.Context, users []vpn.SessionIdentity) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := cmp.Or(d.Down, d.RefuseUsers); err != nil {
		return err
	}
	d.Identities = append(d.Identities, users...)
	for i, c := range d.Live {
		for _, u := range users {
			if c.Session == u.Session {
				d.Live[i].Revision = u.User.Revision
			}
		}
	}
	return nil
}

func (d *Dataplane) Host(context.Context) (vpn.Host, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Machine, d.Down
}

func (d *Dataplane) CheckPlace(_ context.Context, p vpn.Place) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Places = append(d.Places, p)
	return cmp.Or(d.Down, d.RefusePlace)
}

func (d *Dataplane) WayOut(_ context.Context, to netip.Addr) (vpn.WayOut, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if w, ok := d.Ways[to]; ok {
		w.Address = to
		return w, d.Down
	}
	return vpn.WayOut{Address: to, Interface: "eth0"}, d.Down
}

func (d *Dataplane) WaysTo(_ context.Context, subnets []netip.Prefix) ([]vpn.Way, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var ways []vpn.Way
	for _, s := range subnets {
		w := vpn.Way{Subnet: s, Interface: "eth0"}
		if out, ok := d.Ways[s.Addr()]; ok {
			w.Interface, w.Gateway, w.Default, w.Problem = out.Interface, out.Gateway, out.Default, out.Problem
		}
		ways = append(ways, w)
	}
	return ways, d.Down
}

func (d *Dataplane) Probe(_ context.Context, r vpn.ProbeRequest) (vpn.ProbeAnswer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Probes = append(d.Probes, r)
	a := d.ProbeAnswer
	a.Way.Address = r.Address
	if !r.Echo {
		a.Outcome = ""
	}
	return a, cmp.Or(d.Down, d.RefuseProbe)
}

// Connect is the host of the target network that tests by TCP ask.
func (d *Dataplane) Connect(_ context.Context, to netip.AddrPort, from netip.Addr) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Connected, d.ConnectedFrom = append(d.Connected, to), from
	if d.Connecting != nil {
		d.Connecting()
	}
	return d.ConnectError
}

func (d *Dataplane) Connections(context.Context) ([]vpn.LiveConnection, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.Live), d.Down
}

// Say sets what Status answers from now on.
func (d *Dataplane) Say(status vpn.NodeStatus, err error) {
	d.Do(func() { d.Said, d.Down = &status, err })
}

// Hang makes Status wait for the end of its context, or answer again.
func (d *Dataplane) Hang(hangs bool) { d.Do(func() { d.Hangs = hangs }) }

// StatusQuestions is how often Status was asked.
func (d *Dataplane) StatusQuestions() (n int) {
	d.Do(func() { n = d.Questions })
	return n
}
