package dataplane

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"sallyport/dataplane/journal"
	"sallyport/vpn"
)

// What web may ask of the engine. The socket server checks who asks; each message is checked here.

// Apply takes a desired state over and waits a moment until it is in effect. A state that is
// older than the present one is Stale; an equal one is looked at again.
func (e *Engine) Apply(ctx context.Context, d vpn.Desired) (vpn.EndpointStatus, error) {
	if err := d.Validate(); err != nil {
		return vpn.EndpointStatus{}, err
	}
	e.mu.Lock()
	ep, known := e.endpoints[d.Endpoint]
	if e.stopping {
		e.mu.Unlock()
		return vpn.EndpointStatus{}, vpn.Refuse(vpn.Unavailable, vpn.CodeStopping, "The dataplane is stopping.")
	}
	if policy, _ := e.policy.Current(); !known && policy.MaxEndpoints > 0 && len(e.endpoints) >= policy.MaxEndpoints {
		e.mu.Unlock()
		return vpn.EndpointStatus{}, vpn.Refuse(vpn.Conflict, vpn.CodeEndpointLimitExceeded, "The host policy allows no more endpoints on this host.")
	}
	if !known {
		for _, other := range e.endpoints {
			o := other.want()
			if o.ClientCIDR.Overlaps(d.ClientCIDR) {
				e.mu.Unlock()
				return vpn.EndpointStatus{}, vpn.Refuse(vpn.Conflict, vpn.CodeInvalidParameterValue, "The client CIDR overlaps with that of endpoint "+string(o.Endpoint)+".")
			}
		}
		// A crash from here on must not forget it.
		if err := e.journal.Put(journal.Desired, string(d.Endpoint), d); err != nil {
			e.mu.Unlock()
			return vpn.EndpointStatus{}, err
		}
		ep = e.prepareEndpoint(d)
		ep.start() //nolint:contextcheck // an endpoint lives as long as the engine, not as the request
	}
	e.mu.Unlock()
	if err := ep.accept(d); err != nil {
		return vpn.EndpointStatus{}, err
	}
	ep.settle(ctx, d.Generation)
	return ep.status(), nil
}

// Forget ends an endpoint and takes it off the host. One that is not known is no error. Where
// something cannot be taken off, Forget may be called again.
func (e *Engine) Forget(ctx context.Context, id vpn.EndpointID) error {
	ep := e.endpoint(id)
	if ep == nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx) // half a removal is none
	if !ep.remove(ctx, "The endpoint was deleted.") {
		return vpn.Refuse(vpn.Unavailable, vpn.CodeRemovalFailed, "The endpoint cannot be taken off this host yet; the dataplane's log says why.")
	}
	if err := errors.Join(e.journal.Remove(journal.Desired, string(id)), e.journal.Remove(journal.Snapshots, string(id))); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.endpoints[id] == ep {
		delete(e.endpoints, id)
	}
	return nil
}

// Status tells how this host and each endpoint is.
func (e *Engine) Status() vpn.NodeStatus {
	s := vpn.NodeStatus{
		Instance: e.instance, Version: e.cfg.Version, StartedAt: e.started.UTC(),
		Faults: e.faults.All(), Repairs: e.repairs.All(), Endpoints: []vpn.EndpointStatus{},
	}
	e.mu.Lock()
	s.OpenVPN = e.openvpn
	e.mu.Unlock()
	for _, ep := range e.all() {
		s.Endpoints = append(s.Endpoints, ep.status())
	}
	return s
}

// Events yields the events after the given one and then each new one, until ctx ends.
func (e *Engine) Events(ctx context.Context, epoch string, after uint64) iter.Seq[vpn.Event] {
	return e.events.Events(ctx, epoch, after)
}

// Logins yields the logins that wait for Decide and then each new one, each once, until ctx ends.
func (e *Engine) Logins(ctx context.Context) iter.Seq[vpn.LoginRequest] { return e.logins.Stream(ctx) }

// Acknowledge lets events up to and including seq be forgotten.
func (e *Engine) Acknowledge(epoch string, seq uint64) error {
	e.events.Acknowledge(epoch, seq)
	return nil
}

// Longest texts that a message may bring, in bytes. What is longer is nothing that web would say.
const (
	longestName   = 1 << 10 // of a user or a group
	longestReason = 1 << 10
)

// Decide answers waiting logins, those of each endpoint together. What is wrong with one of them
// is no other's loss; NotFound where nothing worse is wrong than that one does not wait.
func (e *Engine) Decide(ctx context.Context, ds []vpn.LoginDecision) error {
	var failures []error
	var gone error
	of := map[*endpoint][]vpn.LoginDecision{}
	for _, d := range ds {
		if len(d.Reason) > longestReason || d.Allow && !grantable(d) {
			failures = append(failures, vpn.Refuse(vpn.Invalid, vpn.CodeInvalidParameterValue, "The decision is malformed."))
			continue
		}
		ep := e.endpointOfLogin(d.ID)
		if ep == nil {
			gone = errNoLogin
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
			failures = append(failures, err)
		})
	}
	deciding.Wait()
	return errors.Join(append(failures, gone)...)
}

// endpointOfLogin is the endpoint at which a login waits, or nil.
func (e *Engine) endpointOfLogin(id string) *endpoint {
	at, waits := e.logins.Endpoint(id)
	if !waits {
		return nil
	}
	return e.endpoint(at)
}

func grantable(d vpn.LoginDecision) bool {
	named := func(s string) bool {
		return s != "" && len(s) <= longestName && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
	}
	return d.Connection.Valid() && d.Session.Valid() && !d.Ends.IsZero() && named(d.User.Name) &&
		len(d.User.Groups) <= vpn.MaxGroups && !slices.ContainsFunc(d.User.Groups, func(g string) bool { return !named(g) })
}

// Terminate ends connections. One that is not known has ended: that is said again, for whoever
// asks seems not to have heard.
func (e *Engine) Terminate(ctx context.Context, ids []vpn.ConnectionID, reason string) error {
	if len(reason) > longestReason {
		return vpn.Refuse(vpn.Invalid, vpn.CodeInvalidParameterValue, "The reason is too long.")
	}
	unknown := map[vpn.ConnectionID]bool{}
	for _, id := range ids {
		if id.Valid() {
			unknown[id] = true
		}
	}
	for _, ep := range e.all() {
		var sessions []*session
		ep.mu.Lock()
		for id := range unknown {
			if s := ep.roster.all[id]; s != nil {
				sessions = append(sessions, s)
				delete(unknown, id)
			}
		}
		ep.mu.Unlock()
		ep.terminate(ctx, reason, sessions...)
	}
	told := e.events.Ended()
	for id := range unknown {
		if !told[id] {
			e.events.Add(vpn.Event{Ended: &vpn.Ended{Connection: id, Reason: "The connection had ended."}})
		}
	}
	return nil
}

// Connections gives every live connection with its counters of this moment.
func (e *Engine) Connections() ([]vpn.LiveConnection, error) {
	counted, err := e.table.Counters()
	if err != nil {
		return nil, err
	}
	now := e.now().UTC()
	out := []vpn.LiveConnection{}
	for _, ep := range e.all() {
		ep.mu.Lock()
		for _, s := range ep.roster.all {
			if !s.Established {
				continue
			}
			out = append(out, vpn.LiveConnection{
				ID: s.Connection, Endpoint: ep.id, Association: s.Association, Session: s.Session,
				ClientIP: s.Addr, Device: s.Peer, Counters: plus(s.Before, counted[s.Addr]), CountedAt: now,
			})
		}
		ep.mu.Unlock()
	}
	return out, nil
}
