package dataplane

import (
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

// errFraming ends the connection of a client none of whose packets can be read. OpenVPN lets it in, and it would be
// connected and reach nothing.
var errFraming = vpn.Refuse(vpn.Denied, vpn.CodeFramingMismatch,
	"Your program frames its packets in a way that this server does not know. Remove the line fragment from your configuration file, or download the file again.")

const (
	// maxUnreadable packets within unreadableTime end a connection. A client with the line fragment sends them from its first
	// packet on; programs that send other protocols than IP into a tunnel send fewer.
	maxUnreadable  = 5
	unreadableTime = time.Minute
)

// packets are those of a client that could not be read.
type packets struct {
	n     int
	since time.Duration // of the first, in session.Uptime
}

// unreadable counts a packet that OpenVPN could not read, and ends the connection of a client that sends no others. It
// runs in the owner goroutine.
func (ep *endpoint) unreadable(instance string, ev ovpn.Unreadable) {
	for _, s := range ep.sessions.Select(func(s *session.Session) bool {
		return s.Up() && s.Instance == instance && s.CommonName == ev.CommonName && s.Peer == ev.Peer
	}) {
		c, now := s.Client(), session.Uptime()
		p := ep.state.unreadable[c]
		if p.n == 0 || now-p.since > unreadableTime {
			p = packets{since: now}
		}
		if p.n++; p.n < maxUnreadable {
			ep.state.unreadable[c] = p
			continue
		}
		delete(ep.state.unreadable, c)
		ep.report(ovpn.TLSRefused{Peer: s.Peer, Code: errFraming.Code, Message: errFraming.Msg, Subject: s.CommonName, Count: 1})
		halt := ovpn.Halt(clientText(errFraming))
		why := ending{reason: errFraming.Msg, message: &halt}
		ep.notify(why, ep.closeSessions(why, s.Connection))
	}
}
