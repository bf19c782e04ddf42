package dataplane

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sallyport/dataplane/eventlog"
	"sallyport/dataplane/fault"
	"sallyport/dataplane/hostpolicy"
	"sallyport/dataplane/journal"
	"sallyport/dataplane/login"
	"sallyport/dataplane/session"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// endpoint is one endpoint on this host: its desired state, its workers, its sessions.
//
// One goroutine, own, owns its state: API calls and workers send to it, and whatever changes a
// session in the kernel or in the journal runs there, so that no two of these steps run at the
// same time.
// What may block for long runs outside and sends its result back: reconcile (which starts workers
// and writes the packet filter's rules) has a goroutine of its own, commands to workers and the
// removal of flows have theirs.
type endpoint struct {
	id         vpn.EndpointID
	clientCIDR netip.Prefix // never changes
	log        *slog.Logger
	cfg        Config
	now        func() time.Time

	// What all endpoints share.
	filter  *filter
	journal *journal.Journal
	events  *eventlog.Log
	logins  *login.Queue
	policy  *hostpolicy.File
	limiter *session.Limiter
	slots   *slots
	host    *findings
	repairs *fault.Repairs

	// What is this endpoint's and has a lock of its own. sessions changes in own only.
	faults   *fault.List
	sessions *session.Table
	applied  atomic.Uint64             // the generation that is in effect; 0: none
	ways     atomic.Pointer[[]vpn.Way] // to the target networks, as the reconciler found them last; nil: not yet
	// Reports of refused connections from clients without and with the endpoint's tls-crypt key.
	unauthenticated, rejected reportLimit

	requests chan func()       // run by own
	notices  chan worker.Event // from the workers, handled by own
	kick     chan struct{}     // wakes the reconciler
	ctx      context.Context   // ends own and the workers' goroutines
	cancel   context.CancelFunc
	ended    chan struct{} // closed when own has ended

	state      state      // own's
	reconciler reconciler // the reconciler's

	removing  sync.Mutex // held by remove; taken before releasing
	releasing sync.Mutex // held by releaseAddresses, which must not run twice at a time
}

// state is what only own may touch.
type state struct {
	desired       vpn.Desired
	unjournaled   bool // desired is not in the journal
	removed       bool // the endpoint is being removed and takes no change and no login
	authorities   vpn.Authorities
	authoritiesIn string        // the text that authorities are of
	observed      chan struct{} // closed and replaced when a reconcile has ended
	workers       []*worker.Worker
	pending       map[string]*pending // logins that wait for web, by ID
	waiting       map[session.Client]*pending
	left          map[session.Client]pendedLogin   // logins of an earlier process, until their workers say that the clients still wait
	asked         map[session.Client]time.Duration // when, in session.Uptime, their logins were asked for or answered; until workers have them no more
	goodbyes      map[exiting]time.Duration        // when, in session.Uptime
	mismatched    map[session.Client]bool          // that share no cipher: OpenVPN reports them as established next
	unreadable    map[session.Client]packets
	open          bool                     // the kernel may still be open for a session that is away
	freed         map[string]time.Duration // when, in session.Uptime, an address was freed for a client that had none
}

// newEndpoint makes an endpoint that does nothing until start.
func (e *Engine) newEndpoint(d vpn.Desired) *endpoint {
	ctx, cancel := context.WithCancel(e.ctx)
	return &endpoint{
		id: d.Endpoint, clientCIDR: d.ClientCIDR, log: e.log.With("endpoint", d.Endpoint), cfg: e.cfg, now: e.now,
		filter: e.filter, journal: e.journal, events: e.events, logins: e.logins, policy: e.policy,
		limiter: e.limiter, slots: e.slots, host: e.host, repairs: e.repairs,
		faults: fault.NewList(), sessions: session.NewTable(d.ClientCIDR, d.Blocks, e.now),
		requests: make(chan func()), notices: make(chan worker.Event), kick: make(chan struct{}, 1),
		ctx: ctx, cancel: cancel, ended: make(chan struct{}),
		state: state{
			desired: d, observed: make(chan struct{}), pending: map[string]*pending{}, waiting: map[session.Client]*pending{}, left: map[session.Client]pendedLogin{}, asked: map[session.Client]time.Duration{}, goodbyes: map[exiting]time.Duration{}, mismatched: map[session.Client]bool{},
			unreadable: map[session.Client]packets{},
			freed:      map[string]time.Duration{},
		},
		reconciler: reconciler{paths: map[vpn.AssociationID]string{}},
	}
}

// own runs requests and handles the workers' events until the endpoint ends. Each tick looks after
// sessions.
func (ep *endpoint) own(tick <-chan time.Time) {
	defer close(ep.ended)
	for {
		select {
		case <-ep.ctx.Done():
			return
		case f := <-ep.requests:
			f()
		case n := <-ep.notices:
			ep.handle(n)
		case <-tick:
			ep.expireSessions()
			ep.closeAway()
			ep.forgetGoodbyes()
			ep.reconnectSome()
			go ep.releaseAddresses(false)
		}
	}
}

// do has own run f and waits for it. f may wait for the kernel and the journal; it must not
// wait for a worker or the reconciler, and must not call do. do is false, and f does not
// run, where the endpoint has ended.
func (ep *endpoint) do(f func()) bool { return ep.doUnless(nil, f) }

// doWithin is do for a caller that waits for own no longer than ctx: it is false after that, and f does
// not run. A caller whose work must be finished once it has begun uses do.
func (ep *endpoint) doWithin(ctx context.Context, f func()) bool { return ep.doUnless(ctx.Done(), f) }

func (ep *endpoint) doUnless(giveUp <-chan struct{}, f func()) bool {
	done := make(chan struct{})
	select {
	case ep.requests <- func() { defer close(done); f() }:
		<-done
		return true
	case <-ep.ended:
		return false
	case <-giveUp:
		return false
	}
}

// current gives the desired state and the workers as they are now. ok is false where the endpoint
// has ended: nothing may be concluded from the empty state then.
func (ep *endpoint) current() (d vpn.Desired, workers []*worker.Worker, ok bool) {
	ok = ep.do(func() { d, workers = ep.state.desired, slices.Clone(ep.state.workers) })
	return d, workers, ok
}

var (
	errEndpointRemoved = vpn.Refuse(vpn.Unavailable, vpn.CodeIncorrectState, "The endpoint is being removed from this host.")
	errBusy            = vpn.Refuse(vpn.Unavailable, vpn.CodeDataplaneUnavailable, "The dataplane is busy with this endpoint. Try again.")
)

// accept takes a newer desired state over. The journal has it before it takes effect; but where it
// cannot be written (a full disk) what was revoked is revoked all the same: the reconciler
// journals it as soon as it can, and after a crash before that web sends it again.
func (ep *endpoint) accept(ctx context.Context, d vpn.Desired) (err error) {
	ran := ep.doWithin(ctx, func() {
		s := &ep.state
		switch {
		case s.removed:
			err = errEndpointRemoved
		case d.Generation < s.desired.Generation:
			err = vpn.Refuse(vpn.Stale, vpn.CodeIncorrectState, "The dataplane already has a newer state of this endpoint.")
		case d.ClientCIDR != ep.clientCIDR:
			err = vpn.Refuse(vpn.Conflict, vpn.CodeInvalidParameterValue, "The client CIDR of an endpoint cannot change.")
		}
		if err != nil {
			return
		}
		if err := ep.journal.Put(journal.Desired, string(ep.id), d); err != nil {
			ep.log.Error("a desired state was not journalled", "generation", d.Generation, "err", err)
			s.unjournaled = true
		} else {
			s.unjournaled = false
		}
		ep.sessions.AssignBlocks(d.Blocks)
		s.desired = d
		ep.wake()
	})
	switch {
	case ran:
	case ctx.Err() != nil:
		return errBusy
	default:
		return errEndpointRemoved
	}
	return err
}

// journalDesired journals a desired state that could not be written when it came. It runs in the owner goroutine.
func (ep *endpoint) journalDesired() {
	if !ep.state.unjournaled || ep.state.removed {
		return
	}
	sentence := ""
	if err := ep.journal.Put(journal.Desired, string(ep.id), ep.state.desired); err != nil {
		sentence = "The latest change is in effect, but it cannot be written down: " + err.Error() + ". A crash now would bring back the state before it until web sends it again."
	}
	ep.state.unjournaled = sentence != ""
	ep.faults.Set(faultJournal, string(ep.id), sentence, ep.now())
}

// awaitApplied waits until the generation is in effect, or a fault is found, or applyTimeout is over.
func (ep *endpoint) awaitApplied(ctx context.Context, generation uint64) {
	ctx, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	for {
		var observed chan struct{}
		if !ep.doWithin(ctx, func() { observed = ep.state.observed }) || ep.applied.Load() >= generation {
			return
		}
		select {
		case <-observed:
			if ep.applied.Load() < generation && len(ep.faults.All()) > 0 {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// status does not wait for own, so that it answers while the kernel is slow.
func (ep *endpoint) status() vpn.EndpointStatus {
	s := vpn.EndpointStatus{Endpoint: ep.id, Applied: ep.applied.Load(), Faults: ep.faults.All(), Connections: ep.sessions.Up()}
	if ways := ep.ways.Load(); ways != nil {
		s.Ways = *ways
	}
	return s
}
