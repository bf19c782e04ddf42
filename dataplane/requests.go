package dataplane

import (
	"context"
	"iter"

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
		return vpn.EndpointStatus{}, vpn.Refuse(vpn.Unavailable, "Stopping", "The dataplane is stopping.")
	}
	if policy, _ := e.policy.get(); !known && policy.MaxEndpoints > 0 && len(e.endpoints) >= policy.MaxEndpoints {
		e.mu.Unlock()
		return vpn.EndpointStatus{}, vpn.Refuse(vpn.Conflict, "ClientVpnEndpointLimitExceeded", "The host policy allows no more endpoints on this host.")
	}
	if !known {
		for _, other := range e.endpoints {
			o, _ := other.want()
			if o.ClientCIDR.Overlaps(d.ClientCIDR) {
				e.mu.Unlock()
				return vpn.EndpointStatus{}, vpn.Refuse(vpn.Conflict, "InvalidParameterValue", "The client CIDR overlaps with that of endpoint "+string(o.Endpoint)+".")
			}
		}
		ep = e.prepareEndpoint(d)
		ep.start()
	}
	e.mu.Unlock()
	if err := ep.accept(d); err != nil {
		return vpn.EndpointStatus{}, err
	}
	ep.settle(ctx, d.Generation)
	return ep.status(), nil
}

// Forget ends an endpoint and takes it off the host. One that is not known is no error.
func (e *Engine) Forget(ctx context.Context, id vpn.EndpointID) error {
	ep := e.endpoint(id)
	if ep == nil {
		return nil
	}
	ep.cancel()
	<-ep.done
	d, _ := ep.want()
	ep.mu.Lock()
	ep.gone = true
	ep.mu.Unlock()
	ep.withdraw(ctx, d, true)
	if err := e.journal.drop(journalDesired, string(id)); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.endpoints, id)
	return nil
}

// Status tells how this host and each endpoint is.
func (e *Engine) Status() vpn.NodeStatus {
	s := vpn.NodeStatus{
		Instance: e.instance, Version: e.cfg.Version, OpenVPN: e.openvpn, StartedAt: e.started.UTC(),
		Faults: e.faults.list(), Repairs: e.repairs.list(), Endpoints: []vpn.EndpointStatus{},
	}
	for _, ep := range e.all() {
		s.Endpoints = append(s.Endpoints, ep.status())
	}
	return s
}

// Events yields what happened after the given event and then what happens.
func (e *Engine) Events(ctx context.Context, epoch string, after uint64) iter.Seq[vpn.Event] {
	return e.spool.events(ctx, epoch, after)
}

// Acknowledge lets events up to and including seq be forgotten.
func (e *Engine) Acknowledge(epoch string, seq uint64) error { return e.spool.acknowledge(epoch, seq) }

// Decide answers a waiting login; NotFound where none waits under this name.
func (e *Engine) Decide(ctx context.Context, d vpn.LoginDecision) error {
	if d.Allow && (!d.Connection.Valid() || !d.Session.Valid() || len(d.User.Groups) > vpn.MaxGroups || d.Ends.IsZero()) {
		return vpn.Refuse(vpn.Invalid, "InvalidParameterValue", "The decision is malformed.")
	}
	for _, ep := range e.all() {
		ep.mu.Lock()
		_, waits := ep.pending[d.ID]
		ep.mu.Unlock()
		if waits {
			return ep.decide(ctx, d)
		}
	}
	return vpn.Refuse(vpn.NotFound, "NoSuchLogin", "This login does not wait any more.")
}

// Terminate ends connections. One that is not known has ended: that is said again, for whoever
// asks seems not to have heard.
func (e *Engine) Terminate(ctx context.Context, ids []vpn.ConnectionID, reason string) error {
	all := e.all()
	for _, id := range ids {
		if !id.Valid() {
			continue
		}
		found := false
		for _, ep := range all {
			ep.mu.Lock()
			s := ep.sessions[id]
			ep.mu.Unlock()
			if s != nil {
				found = true
				ep.terminate(ctx, s, reason)
			}
		}
		if !found {
			e.spool.add(vpn.Event{Ended: &vpn.Ended{Connection: id, Reason: "The connection had ended."}})
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
		for _, s := range ep.sessions {
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
