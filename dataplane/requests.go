package dataplane

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"sallyport/dataplane/journal"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

// What web may ask of the engine. The socket server checks who asks; each message is checked here.

// Apply takes a desired state over and waits a moment until it is in effect. A state that is older
// than the present one is Stale; an equal one is reconciled again.
func (e *Engine) Apply(ctx context.Context, d vpn.Desired) (vpn.EndpointStatus, error) {
	if err := d.Validate(); err != nil {
		return vpn.EndpointStatus{}, err
	}
	ep, err := e.endpointFor(d) //nolint:contextcheck // an endpoint lives as long as the engine, not as the request
	if err != nil {
		return vpn.EndpointStatus{}, err
	}
	if err := ep.accept(ctx, d); err != nil {
		return vpn.EndpointStatus{}, err
	}
	ep.awaitApplied(ctx, d.Generation)
	return ep.status(), nil
}

// defaultMaxEndpoints bounds what web can have written into the journal, where the host policy sets
// no limit.
const defaultMaxEndpoints = 64

// endpointFor finds the endpoint of a desired state, or makes it.
func (e *Engine) endpointFor(d vpn.Desired) (*endpoint, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopping {
		return nil, vpn.Refuse(vpn.Unavailable, vpn.CodeStopping, "The dataplane is stopping.")
	}
	if ep, known := e.endpoints[d.Endpoint]; known {
		return ep, nil
	}
	if policy, _ := e.policy.Current(); len(e.endpoints) >= cmp.Or(policy.MaxEndpoints, defaultMaxEndpoints) {
		return nil, vpn.Refuse(vpn.Conflict, vpn.CodeEndpointLimitExceeded, "The host policy allows no more endpoints on this host.")
	}
	for id, other := range e.endpoints {
		if other.clientCIDR.Overlaps(d.ClientCIDR) {
			return nil, vpn.Refuse(vpn.Conflict, vpn.CodeInvalidParameterValue, "The client CIDR overlaps with that of endpoint "+string(id)+".")
		}
	}
	// A crash from here on must not lose it.
	if err := e.journal.Put(journal.Desired, string(d.Endpoint), d); err != nil {
		return nil, err
	}
	ep := e.newEndpoint(d)
	e.endpoints[d.Endpoint] = ep
	ep.start()
	return ep, nil
}

// Status tells the state of this host and of each endpoint.
func (e *Engine) Status() vpn.NodeStatus {
	s := vpn.NodeStatus{
		Instance: e.instance, Version: e.cfg.Version, StartedAt: e.started.UTC(),
		Faults: e.faults.All(), Repairs: e.repairs.All(), Guarded: e.filter.guardedUplinks(), Endpoints: []vpn.EndpointStatus{},
	}
	s.OpenVPN, _ = e.host.prerequisites()
	for _, ep := range e.all() {
		s.Endpoints = append(s.Endpoints, ep.status())
	}
	return s
}

// Events yields the events after the given one and then each new one, until ctx ends.
func (e *Engine) Events(ctx context.Context, epoch string, after uint64) iter.Seq[vpn.Event] {
	return e.events.Events(ctx, epoch, after)
}

// Logins yields the logins that wait for Decide and then each new one, and which of them wait no longer, until ctx ends.
func (e *Engine) Logins(ctx context.Context) iter.Seq[vpn.LoginNews] { return e.logins.Stream(ctx) }

// Acknowledge lets events up to and including seq be forgotten.
func (e *Engine) Acknowledge(epoch string, seq uint64) error {
	e.events.Acknowledge(epoch, seq)
	return nil
}

// The longest texts that a message may have, in bytes. Web sends none that is longer.
const (
	maxName   = 1 << 10 // of a user or a group
	maxReason = 1 << 10
	maxCode   = 100
)

// Decide answers waiting logins, those of each endpoint together. One bad decision does not affect
// the others; NotFound where the only failure is that a login no longer waits.
func (e *Engine) Decide(ctx context.Context, ds []vpn.LoginDecision) error {
	var failures []error
	var missing error
	of := map[*endpoint][]vpn.LoginDecision{}
	for _, d := range ds {
		if len(d.Reason) > maxReason || !plausible(d.Code) || d.Allow && !grantable(d) {
			failures = append(failures, vpn.Refuse(vpn.Invalid, vpn.CodeInvalidParameterValue, "The decision is malformed."))
			continue
		}
		ep := e.endpointOfLogin(d.ID)
		if ep == nil {
			missing = errNoLogin
			continue
		}
		of[ep] = append(of[ep], d)
	}
	var deciding sync.WaitGroup
	var mu sync.Mutex
	for ep, ds := range of {
		deciding.Go(func() {
			err := ep.decide(ctx, ds)
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, errNoLogin) { // decide gives it alone
				missing = err
				return
			}
			failures = append(failures, err)
		})
	}
	deciding.Wait()
	return cmp.Or(errors.Join(failures...), missing)
}

// endpointOfLogin is the endpoint at which a login waits, or nil.
func (e *Engine) endpointOfLogin(id string) *endpoint {
	at, waits := e.logins.Endpoint(id)
	if !waits {
		return nil
	}
	return e.endpoint(at)
}

// plausible tells whether a code can be one of this or another version of the program: clients are told it, and so
// are the log and the list of refused attempts.
func plausible(c vpn.Code) bool {
	return len(c) <= maxCode && !strings.ContainsFunc(string(c), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.')
	})
}

func grantable(d vpn.LoginDecision) bool {
	return !slices.ContainsFunc(d.Replaces, func(id vpn.ConnectionID) bool { return !id.Valid() }) &&
		d.Connection.Valid() && d.Session.Valid() && !d.Ends.IsZero() && carriable(d.User)
}

// carriable tells whether a user can stand in the journal and name sets of the packet filter.
func carriable(u vpn.Identity) bool {
	named := func(s string) bool {
		return s != "" && len(s) <= maxName && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
	}
	return named(u.Name) && len(u.Provider) <= maxName && len(u.Key) <= maxName &&
		len(u.Groups) <= vpn.MaxGroups && !slices.ContainsFunc(u.Groups, func(g string) bool { return !named(g) })
}

// refusalTime is how long a connection is refused that was terminated before it began: longer than a
// login can wait, so that no decision of web that is on its way lets it in.
const refusalTime = 2 * vpn.SignInTime

// Terminate ends connections. One that no session is known of may belong to a login that is being answered:
// it is refused from now on. Its end is reported again, because web would not ask if it had read of it.
func (e *Engine) Terminate(ctx context.Context, ids []vpn.ConnectionID, reason string) error {
	if len(reason) > maxReason {
		return vpn.Refuse(vpn.Invalid, vpn.CodeInvalidParameterValue, "The reason is too long.")
	}
	unknown := map[vpn.ConnectionID]bool{}
	var refused []vpn.ConnectionID
	for _, id := range ids {
		if !id.Valid() {
			continue
		}
		unknown[id] = true
		// First, because a session is made only after its ID was reserved: whatever is reserved by now is found
		// below, or has ended.
		if _, added := e.limiter.RefuseUnknown(id, reason); added {
			refused = append(refused, id)
		}
	}
	if len(refused) > 0 {
		time.AfterFunc(refusalTime, func() { e.limiter.Forget(refused...) })
	}
	for _, ep := range e.all() {
		var found []vpn.ConnectionID
		looked := ep.doWithin(ctx, func() { // so that no end is half done: its event is added
			for id := range unknown {
				if _, ok := ep.sessions.Get(id); ok {
					found = append(found, id)
					delete(unknown, id)
				}
			}
		})
		if !looked && ctx.Err() != nil {
			return errBusy // else what was not found would be reported as ended
		}
		if len(found) > 0 {
			ep.terminate(ctx, reason, found...)
		}
	}
	reported := e.events.Ended()
	for id := range unknown {
		if !reported[id] { // it ended, or its login never became a connection
			e.events.Add(vpn.Event{Ended: &vpn.Ended{Connection: id, Code: vpn.CodeConnectionTerminated, Reason: reason}})
		}
	}
	return nil
}

// Connections gives every live connection with its counters of this moment.
func (e *Engine) Connections() ([]vpn.LiveConnection, error) {
	counted, err := e.filter.table.Counters()
	if err != nil {
		return nil, err
	}
	now := e.now().UTC()
	out := []vpn.LiveConnection{}
	for _, ep := range e.all() {
		for _, s := range ep.sessions.Select(func(s *session.Session) bool { return s.Established }) {
			out = append(out, vpn.LiveConnection{
				ID: s.Connection, Endpoint: ep.id, Association: s.Association, Session: s.Session,
				ClientIP: s.Addr, Device: s.Peer, Counters: s.Before.Plus(vpn.Counters(counted[s.Addr])), CountedAt: now,
				Revision: s.User.Revision,
			})
		}
	}
	return out, nil
}
