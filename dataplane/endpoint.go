package dataplane

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"sallyport/dataplane/fault"
	"sallyport/dataplane/host"
	"sallyport/dataplane/journal"
	sessions "sallyport/dataplane/session"
	"sallyport/vpn"
)

// endpoint is one endpoint on this host: what it should be and what it is. One goroutine (run)
// brings the one to the other; clients come and go beside it.
type endpoint struct {
	*Engine
	id     vpn.EndpointID
	log    *slog.Logger
	faults *fault.List
	kick   chan struct{}
	cancel context.CancelFunc // ends run
	done   chan struct{}      // run has ended

	// gate is held while the kernel is opened or closed for sessions, and the books changed with it:
	// one that ends while it is being opened stays closed. It comes before mu.
	gate sync.Mutex

	mu        sync.Mutex
	desired   vpn.Desired
	applied   uint64
	unwritten bool          // desired is not in the journal
	gone      bool          // it is taken off the host and takes nothing any more
	changed   chan struct{} // closed and replaced when applied or faults change
	workers   []*worker
	pool      *sessions.Pool
	roster    *roster
	leaving   []leaver            // sessions that are over, whose addresses are not given back yet
	resting   []leaver            // whose addresses are, in order
	pending   map[string]*pending // logins that wait for web
	waiting   map[client]*pending // the same

	removing sync.Mutex // one removal from the host at a time

	strangers, mistaken limit // refused attempts without and with a profile of ours

	// Only run touches these, and who removes the endpoint after run has ended.
	reservation *host.Reservation
	reserved    vpn.Listen
	uplinks     []string
	saved       []byte
	paths       map[vpn.AssociationID]string // the interface that last led to each target network by a route of its own
}

// prepareEndpoint makes an endpoint that does nothing until start; e.mu is held.
func (e *Engine) prepareEndpoint(d vpn.Desired) *endpoint {
	ep := &endpoint{
		Engine: e, id: d.Endpoint, log: e.log.With("endpoint", d.Endpoint), faults: fault.NewList(),
		kick: make(chan struct{}, 1), done: make(chan struct{}),
		desired: d, changed: make(chan struct{}), pool: sessions.NewPool(d.ClientCIDR, d.Blocks, e.now),
		roster: newRoster(), pending: map[string]*pending{}, waiting: map[client]*pending{},
		paths: map[vpn.AssociationID]string{},
	}
	e.endpoints[d.Endpoint] = ep
	return ep
}

func (ep *endpoint) start() {
	ctx, cancel := context.WithCancel(ep.ctx)
	ep.cancel = cancel
	go ep.run(ctx)
}

// wake has run look at once.
func (ep *endpoint) wake() {
	select {
	case ep.kick <- struct{}{}:
	default:
	}
}

// run compares and mends until the endpoint is forgotten or the process ends.
func (ep *endpoint) run(ctx context.Context) {
	defer close(ep.done)
	var tending sync.WaitGroup
	defer tending.Wait()
	tending.Go(func() { ep.tend(ctx) })
	tick := time.NewTicker(reconcileEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-ep.kick:
		}
		ep.writeDown()
		ep.reconcile(ctx)
		ep.saveEndpoint()
		ep.mu.Lock()
		close(ep.changed)
		ep.changed = make(chan struct{})
		ep.mu.Unlock()
	}
}

// want gives the desired state as it is now.
func (ep *endpoint) want() vpn.Desired {
	ep.mu.Lock()
	defer ep.mu.Unlock()
	return ep.desired
}

// accept takes a newer desired state over. The journal has it before it takes effect, but where
// it cannot be written (a full disk) what was revoked is revoked all the same: reconcile writes
// it down as soon as that goes, and after a crash before that web sends it again.
func (ep *endpoint) accept(d vpn.Desired) error {
	ep.mu.Lock()
	defer ep.mu.Unlock()
	if ep.gone {
		return vpn.Refuse(vpn.Unavailable, vpn.CodeIncorrectState, "The endpoint is being taken off this host.")
	}
	if d.Generation < ep.desired.Generation {
		return vpn.Refuse(vpn.Stale, vpn.CodeIncorrectState, "The dataplane already has a newer state of this endpoint.")
	}
	if d.ClientCIDR != ep.desired.ClientCIDR {
		return vpn.Refuse(vpn.Conflict, vpn.CodeInvalidParameterValue, "The client CIDR of an endpoint cannot change.")
	}
	if err := ep.journal.Put(journal.Desired, string(ep.id), d); err != nil {
		ep.log.Error("a desired state was not journalled", "generation", d.Generation, "err", err)
		ep.unwritten = true
	} else {
		ep.unwritten = false
	}
	ep.pool.Assign(d.Blocks)
	ep.desired = d
	ep.wake()
	return nil
}

// writeDown puts a desired state into the journal that could not be written when it came.
func (ep *endpoint) writeDown() {
	ep.mu.Lock()
	defer ep.mu.Unlock()
	if ep.unwritten && !ep.gone {
		sentence := ""
		if err := ep.journal.Put(journal.Desired, string(ep.id), ep.desired); err != nil {
			sentence = "The latest change is in effect, but it cannot be written down: " + err.Error() + ". A crash now would bring back the state before it for a moment."
		}
		ep.unwritten = sentence != ""
		ep.faults.Set(faultJournal, string(ep.id), sentence, ep.now())
	}
}

// settle waits until the generation is in effect, or something is wrong, or the time is over.
func (ep *endpoint) settle(ctx context.Context, generation uint64) {
	ctx, cancel := context.WithTimeout(ctx, applyWait)
	defer cancel()
	for {
		ep.mu.Lock()
		applied, changed := ep.applied, ep.changed
		ep.mu.Unlock()
		if applied >= generation {
			return
		}
		select {
		case <-changed:
			ep.mu.Lock()
			applied = ep.applied
			ep.mu.Unlock()
			if applied < generation && len(ep.faults.All()) > 0 {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func (ep *endpoint) status() vpn.EndpointStatus {
	ep.mu.Lock()
	defer ep.mu.Unlock()
	return vpn.EndpointStatus{Endpoint: ep.id, Applied: ep.applied, Faults: ep.faults.All(), Connections: ep.roster.up}
}

// public are the addresses that clients dial.
func public(l vpn.Listen) ([]netip.AddrPort, error) {
	if !l.Addr.IsUnspecified() {
		return []netip.AddrPort{netip.AddrPortFrom(l.Addr, l.Port)}, nil
	}
	addrs, err := host.Addresses()
	out := make([]netip.AddrPort, len(addrs))
	for i, a := range addrs {
		out[i] = netip.AddrPortFrom(a, l.Port)
	}
	return out, err
}
