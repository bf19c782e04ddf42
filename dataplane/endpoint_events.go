package dataplane

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// handle handles what a worker reports. It runs in the owner goroutine.
func (ep *endpoint) handle(n worker.Event) {
	switch ev := n.Detail.(type) {
	case ovpn.Connect:
		ep.connect(n, ev)
	case ovpn.Reauth:
		ep.reauthenticate(n, ev)
	case ovpn.Established:
		ep.establish(n, ev)
	case ovpn.Disconnect:
		delete(ep.state.mismatched, session.Client{Instance: n.Instance, CID: ev.CID})
		ep.disconnected(session.Client{Instance: n.Instance, CID: ev.CID}, ev.Env.Trusted())
		// Where its session had ended before.
		delete(ep.state.goodbyes, exiting{n.Instance, ovpn.Goodbye{CommonName: ev.Env.CommonName(), Peer: ev.Env.Trusted()}})
	case ovpn.CRResponse:
		ep.signInAnswered(n, ev)
	case ovpn.Goodbye:
		ep.goodbye(n.Instance, ev)
	case worker.Listed:
		ep.refreshClients(n.Instance, ev.Status)
		ep.endHandshakes(n, ev)
	case ovpn.TLSRefused:
		ep.report(ev)
	case ovpn.CipherFailure:
		ep.cipherFailed(n.Instance, ev)
	case ovpn.Unreadable:
		ep.unreadable(n.Instance, ev)
	case worker.Resumed:
		for _, left := range ev.Left {
			ep.rememberGoodbye(n.Instance, left.Goodbye, time.Since(left.At))
		}
		ep.compare(n, ev.Status)
	case worker.Ended:
		ep.workerEnded(n, ev)
	default:
		ep.log.Error("a worker reported an unknown event", "type", fmt.Sprintf("%T", ev))
	}
}

// establish notes that a client's tunnel is up. The event comes before the journal: a crash between
// the two reports it twice, in the other order the event would be lost. A client without a session is
// disconnected: its session ended before it was notified.
func (ep *endpoint) establish(n worker.Event, ev ovpn.Established) {
	c := session.Client{Instance: n.Instance, CID: ev.CID}
	if ep.state.mismatched[c] {
		delete(ep.state.mismatched, c)
		go ep.haltMismatched(n, ev.CID)
		return
	}
	s, _, ok := ep.sessions.Establish(c, ev.Env.Trusted())
	if !ok {
		go ep.disconnectUnknown(n, map[ovpn.CID]ovpn.StatusClient{ev.CID: {}})
		return
	}
	ep.events.Add(s.Event())
	ep.journalSession(s)
}

// disconnected handles the end of a client's tunnel. The connection ends where the client said goodbye
// or its tunnel was never up; a client that fell silent is away. OpenVPN takes a tunnel for up when it has let the client in,
// whether or not the client is still there.
func (ep *endpoint) disconnected(c session.Client, peer netip.AddrPort) {
	if p := ep.state.waiting[c]; p != nil {
		ep.forgetLogin(p)
	}
	delete(ep.state.unreadable, c)
	s, ok := ep.sessions.ByClient(c)
	if !ok { // it was ended, or has returned under another CID
		return
	}
	left := exiting{c.Instance, ovpn.Goodbye{CommonName: s.CommonName, Peer: peer}}
	defer delete(ep.state.goodbyes, left)
	switch {
	case !s.Established:
		ep.closeSessions(ending{code: vpn.CodeConnectionNotEstablished, reason: "The client left before its tunnel was up."}, s.Connection)
	case ep.saidGoodbye(s, left):
		ep.closeSessions(ending{reason: clientDisconnected}, s.Connection)
	case s.Unheard(): // it does not know that it was let in, and cannot return to this connection
		ep.closeSessions(ending{code: vpn.CodeConnectionNotEstablished, reason: "Nothing came from the client after its user had signed in."}, s.Connection)
	default:
		ep.leave(s)
	}
}

// workerEnded keeps the sessions of a worker's process that ended, with their addresses but without
// their rights: they are away, and their clients return within a minute, each with its token.
func (ep *endpoint) workerEnded(n worker.Event, ev worker.Ended) {
	ep.detachWorker(n.Instance)
	if !ev.Requested {
		ep.repairs.Add(string(ep.id), "The OpenVPN worker on "+n.Worker.Device+" "+ev.Reason+" and is started again.", ep.now())
		time.AfterFunc(ev.Again, ep.wake)
	}
	ep.wake()
}

func (ep *endpoint) detachWorker(instance string) {
	for _, p := range ep.state.pending {
		if p.client.Instance == instance {
			ep.forgetLogin(p)
		}
	}
	ep.dropLeft(instance)
	maps.DeleteFunc(ep.state.asked, func(c session.Client, _ time.Duration) bool { return c.Instance == instance })
	maps.DeleteFunc(ep.state.mismatched, func(c session.Client, _ bool) bool { return c.Instance == instance })
	maps.DeleteFunc(ep.state.unreadable, func(c session.Client, _ packets) bool { return c.Instance == instance })
	maps.DeleteFunc(ep.state.goodbyes, func(l exiting, _ time.Duration) bool { return l.instance == instance })
	ep.leave(ep.sessions.Select(func(s *session.Session) bool { return !s.Away() && s.Instance == instance })...)
}

// compare brings the sessions into agreement with what a worker's process says of its clients, after
// a time without events: sessions that the process still has continue, those that it lost are away,
// logins that waited for web are to be made again, those that wait for a person go on, and clients without a session are disconnected.
func (ep *endpoint) compare(n worker.Event, status ovpn.Status) {
	if n.Worker.Instance() != n.Instance {
		return // another process runs in its place
	}
	unknown := map[ovpn.CID]ovpn.StatusClient{}
	for _, c := range status.Clients {
		unknown[c.CID] = c
	}
	var lost, unanswered []session.Session
	for _, s := range ep.sessions.Select(func(s *session.Session) bool { return !s.Away() && s.Instance == n.Instance }) {
		c, has := unknown[s.CID]
		switch {
		case !has || c.Addr.IsValid() && c.Addr != s.Addr:
			lost = append(lost, s)
			continue
		case !c.Addr.IsValid(): // a client that returns by its token was established before
			unanswered = append(unanswered, s)
		default:
			if s, first, ok := ep.sessions.Establish(s.Client(), s.Peer); ok && first {
				ep.events.Add(s.Event())
				ep.journalSession(s)
			}
		}
		delete(unknown, s.CID)
	}
	ep.comparePended(n, unknown)
	for _, s := range lost {
		ep.disconnected(s.Client(), s.Peer)
	}
	for _, s := range unanswered {
		ep.answerAgain(n, s)
	}
	for cid := range unknown {
		ep.noteAsked(session.Client{Instance: n.Instance, CID: cid})
	}
	if len(unknown) > 0 {
		go ep.disconnectUnknown(n, unknown)
	}
}

// disconnectUnknown has clients without a session log in again. [P]: a client that waits for its
// login returns with what its user typed.
func (ep *endpoint) disconnectUnknown(n worker.Event, clients map[ovpn.CID]ovpn.StatusClient) {
	for cid := range clients {
		if err := n.Conn.Kill(ep.ctx, cid, ovpn.Restart("Try again", true)); err != nil && !errors.Is(err, ovpn.ErrNoClient) && ep.ctx.Err() == nil {
			n.Worker.Replace(n.Instance, "clients without a session cannot be disconnected; their worker is replaced", err)
			return
		}
	}
}
