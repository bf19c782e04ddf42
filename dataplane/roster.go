package dataplane

import (
	"net/netip"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// client is how a worker's events name somebody: a CID means nothing without the run of the
// process that gave it.
type client struct {
	instance string
	cid      ovpn.CID
}

// roster is the sessions of an endpoint, findable by what each event names in constant time:
// thousands of clients renegotiate every hour. It is not safe for concurrent use.
type roster struct {
	all     map[vpn.ConnectionID]*session
	tokens  map[string]*session // by OpenVPN's session ID, for silent returns
	clients map[client]*session // those whose worker has them
	on      map[vpn.AssociationID]int
	up      int // established sessions
}

func newRoster() *roster {
	return &roster{
		all: map[vpn.ConnectionID]*session{}, tokens: map[string]*session{},
		clients: map[client]*session{}, on: map[vpn.AssociationID]int{},
	}
}

// add takes a session up. One that is not interrupted is its worker's client.
func (r *roster) add(s *session) {
	r.all[s.Connection] = s
	r.on[s.Association]++
	if s.interrupted.IsZero() {
		r.clients[s.client()] = s
	}
}

// has tells whether the session goes on.
func (r *roster) has(s *session) bool { return r.all[s.Connection] == s }

// remove forgets a session; it tells whether it was there.
func (r *roster) remove(s *session) bool {
	if !r.has(s) {
		return false
	}
	r.part(s)
	delete(r.all, s.Connection)
	if r.tokens[s.Token] == s {
		delete(r.tokens, s.Token)
	}
	r.leave(s.Association)
	return true
}

func (r *roster) leave(id vpn.AssociationID) {
	if r.on[id]--; r.on[id] <= 0 {
		delete(r.on, id)
	}
}

// part takes a session from its worker: it has no tunnel any more.
func (r *roster) part(s *session) {
	r.mark(s, false)
	if r.clients[s.client()] == s {
		delete(r.clients, s.client())
	}
}

// join gives a session to a worker whose client it is now.
func (r *roster) join(s *session, c client, kid ovpn.KID, device string, peer netip.AddrPort) {
	r.part(s)
	s.Instance, s.CID, s.KID, s.Device, s.Peer, s.interrupted = c.instance, c.cid, kid, device, peer, noTime
	r.clients[c] = s
}

// mark notes whether the session's tunnel is up.
func (r *roster) mark(s *session, up bool) {
	switch {
	case up && !s.established:
		r.up++
	case !up && s.established:
		r.up--
	}
	s.established = up
}

// move gives a session another association.
func (r *roster) move(s *session, to vpn.AssociationID) {
	r.leave(s.Association)
	s.Association = to
	r.on[to]++
}

// leastUsed is the association with the fewest sessions.
func (r *roster) leastUsed(d vpn.Desired) vpn.AssociationID {
	best := vpn.AssociationID("")
	for _, a := range d.Associations {
		if best == "" || r.on[a.ID] < r.on[best] {
			best = a.ID
		}
	}
	return best
}
