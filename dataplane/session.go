package dataplane

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/journal"
	"sallyport/dataplane/nft"
	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// session is a client that was let in. It is in the journal before the client is told, and stays
// there, marked as ended, until its address may be used again.
//
// A session of the roster changes only under both of its endpoint's mutexes, gate and mu, so
// that either of them is enough to read it.
type session struct {
	Connection  vpn.ConnectionID  `json:"connection"`
	Session     vpn.SessionID     `json:"session"`
	Endpoint    vpn.EndpointID    `json:"endpoint"`
	Association vpn.AssociationID `json:"association"`
	User        vpn.Identity      `json:"user"`
	Addr        netip.Addr        `json:"addr"`
	Peer        netip.AddrPort    `json:"peer"`  // the client's outer address
	Began       time.Duration     `json:"began"` // in uptime
	Ends        time.Duration     `json:"ends"`  // likewise
	Token       string            `json:"token"` // OpenVPN's session ID: what the client returns with
	Named       bool              `json:"named"` // the client has a user name, which its token is bound to
	Instance    string            `json:"instance"`
	Device      string            `json:"device"`
	CID         ovpn.CID          `json:"cid"`
	KID         ovpn.KID          `json:"kid"`
	Established bool              `json:"established"`
	Before      vpn.Counters      `json:"before"` // what earlier workers counted
	Ended       bool              `json:"ended"`  // told to web; the address is not free yet

	established bool // Established, and this worker has it
	// interrupted is when its worker died; the client is expected back until resumeWait later.
	interrupted time.Time
}

// noTime: not interrupted.
var noTime time.Time

func (s *session) client() client { return client{s.Instance, s.CID} }

func (s *session) inTable() nft.Session {
	return nft.Session{Addr: s.Addr, Device: s.Device, Endpoint: s.Endpoint, Association: s.Association, Groups: s.User.Groups}
}

// over tells whether the session has reached its maximum duration.
func (s *session) over() bool { return uptime() > s.Ends }

func (s *session) event() *vpn.Established {
	return &vpn.Established{Connection: s.Connection, Endpoint: s.Endpoint, Association: s.Association, ClientIP: s.Addr, Device: s.Peer}
}

// open opens the kernel for a session: its route, then the sets. Nothing is left behind where one
// of them fails. ep.gate is held.
func (ep *endpoint) open(s *session) error {
	err := host.RouteClient(s.Addr, s.Device)
	if err == nil {
		err = ep.table.Put(s.inTable())
	}
	if err != nil {
		_ = host.UnrouteClient(s.Addr)
	}
	return err
}

func (ep *endpoint) journalSession(s *session) error {
	return ep.journal.Put(journal.Sessions, string(s.Connection), s)
}

// interrupt keeps the sessions of a worker that died, with their addresses but without their
// rights: their clients are back in less than a minute, each by its token.
func (ep *endpoint) interrupt(instance string) {
	ep.gate.Lock()
	defer ep.gate.Unlock()
	ep.mu.Lock()
	var gone []*session
	for c, s := range ep.roster.clients {
		if c.instance == instance {
			gone = append(gone, s)
		}
	}
	for _, p := range ep.pending {
		if p.client.instance == instance {
			ep.forgetLogin(p)
		}
	}
	ep.mu.Unlock()
	ep.setAside(gone...)
}

// setAside closes the kernel for sessions and keeps them for their clients' return. ep.gate is
// held.
func (ep *endpoint) setAside(sessions ...*session) {
	if len(sessions) == 0 {
		return
	}
	addrs := make([]netip.Addr, len(sessions))
	for i, s := range sessions {
		addrs[i] = s.Addr
	}
	counted, err := ep.table.End(addrs...)
	if err != nil {
		// Their worker is dead, so nothing comes through; end and a return close them again.
		ep.log.Error("sessions without a worker were not taken out of the packet filter", "err", errorChain(err))
	}
	ep.mu.Lock()
	for _, s := range sessions {
		ep.roster.part(s)
		s.Before, s.interrupted = plus(s.Before, counted[s.Addr]), ep.now()
	}
	ep.mu.Unlock()
	for _, s := range sessions {
		if err := ep.journalSession(s); err != nil {
			ep.log.Error("an interrupted session was not journalled", "connection", s.Connection, "err", err)
		}
	}
}

// established notes that a client's tunnel is up. The event comes before the journal: a crash
// between the two tells it twice, the other way round it would be lost.
func (ep *endpoint) established(c client, ev ovpn.Established) {
	ep.gate.Lock()
	defer ep.gate.Unlock()
	ep.mu.Lock()
	s := ep.roster.clients[c]
	if s == nil {
		ep.mu.Unlock()
		return
	}
	ep.roster.mark(s, true)
	s.Established = true
	if peer := ev.Env.Trusted(); peer.IsValid() {
		s.Peer = peer
	}
	ep.mu.Unlock()
	ep.events.Add(vpn.Event{Established: s.event()})
	if err := ep.journalSession(s); err != nil {
		ep.log.Error("an established session was not journalled", "connection", s.Connection, "err", err)
	}
}

// moveSessions gives the sessions of an association that left another one. Their clients notice
// nothing: what they may reach follows the association in the kernel. It also puts back what
// the kernel should have of a session and has not.
func (ep *endpoint) moveSessions(d vpn.Desired) {
	ep.gate.Lock()
	defer ep.gate.Unlock()
	inTable := ep.table.Sessions()
	ep.mu.Lock()
	var moved, put []*session
	for _, s := range ep.roster.all {
		stays := hasAssociation(d, s.Association)
		if !stays {
			ep.roster.move(s, ep.roster.leastUsed(d))
			moved = append(moved, s)
		}
		if _, there := inTable[s.Addr]; s.interrupted.IsZero() && (there && !stays || !there && s.Established) {
			put = append(put, s)
		}
	}
	ep.mu.Unlock()
	for _, s := range moved {
		if s.Established {
			ep.events.Add(vpn.Event{Established: s.event()})
		}
		if err := ep.journalSession(s); err != nil {
			ep.log.Error("a moved session was not journalled", "connection", s.Connection, "err", err)
		}
	}
	sessions := make([]nft.Session, len(put))
	for i, s := range put {
		sessions[i] = s.inTable()
	}
	if len(put) == 0 {
		return
	}
	if err := ep.table.Put(sessions...); err != nil {
		ep.log.Error("sessions were not put into the packet filter", "number", len(put), "err", errorChain(err))
	}
}

func hasAssociation(d vpn.Desired, id vpn.AssociationID) bool {
	for _, a := range d.Associations {
		if a.ID == id {
			return true
		}
	}
	return false
}

// mendRoutes puts back the routes to clients that somebody removed.
func (ep *endpoint) mendRoutes() {
	ep.gate.Lock() // a session that is just being opened has no route yet
	defer ep.gate.Unlock()
	ep.mu.Lock()
	up := make([]*session, 0, len(ep.roster.clients))
	for _, s := range ep.roster.clients {
		if s.Established {
			up = append(up, s)
		}
	}
	ep.mu.Unlock()
	if len(up) == 0 {
		return
	}
	routes, err := host.ClientRoutes()
	if err != nil {
		ep.log.Error("routes to clients cannot be read", "err", err)
		return
	}
	var failures []error
	var missing []string
	for _, s := range up {
		if routes[s.Addr] != s.Device {
			missing = append(missing, s.Addr.String())
			failures = append(failures, host.RouteClient(s.Addr, s.Device))
		}
	}
	if len(missing) == 0 {
		return
	}
	ep.log.Warn("routes to clients were missing and are put back", "number", len(missing), "first", missing[0])
	// One note, however many: they would push every other one out.
	sentence := "The route to client " + missing[0] + " had been removed and was put back."
	if n := len(missing) - 1; n > 0 {
		sentence = fmt.Sprintf("The route to client %s and %d more had been removed and were put back.", missing[0], n)
	}
	ep.repairs.Add(string(ep.id), sentence, ep.now())
	if err := errors.Join(failures...); err != nil {
		ep.log.Error("routes to clients cannot be put back", "err", err)
	}
}

func plus(a vpn.Counters, b nft.Counters) vpn.Counters {
	return vpn.Counters{
		BytesIn: a.BytesIn + b.BytesIn, PacketsIn: a.PacketsIn + b.PacketsIn,
		BytesOut: a.BytesOut + b.BytesOut, PacketsOut: a.PacketsOut + b.PacketsOut,
	}
}
