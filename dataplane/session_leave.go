package dataplane

import (
	"maps"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
)

const clientDisconnected = "The client disconnected."

// exiting is a client that said goodbye and has not disconnected yet.
type exiting struct {
	instance string
	ovpn.Goodbye
}

const (
	// maxGoodbyes bounds how many of them are remembered. One that is forgotten counts as out of reach.
	maxGoodbyes = 1000
	// goodbyeKept is how long one is remembered: longer than OpenVPN keeps such a client.
	goodbyeKept = 30 * time.Second
)

// goodbye ends the connection of a client that left by itself. OpenVPN keeps a client for some seconds
// more whose goodbye came on the control channel; its disconnect then finds no session. A client that
// has changed its address since the worker was last asked is found when it disconnects.
func (ep *endpoint) goodbye(instance string, ev ovpn.Goodbye) {
	for _, s := range ep.sessions.Select(func(s *session.Session) bool {
		return !s.Away() && s.Established && s.Instance == instance && s.Peer == ev.Peer && s.CommonName == ev.CommonName
	}) {
		ep.closeSessions(ending{reason: clientDisconnected}, s.Connection)
		return
	}
	ep.rememberGoodbye(instance, ev, 0)
}

// rememberGoodbye has the connection of a client end when OpenVPN reports its disconnect. ago is how long
// ago it was said.
func (ep *endpoint) rememberGoodbye(instance string, ev ovpn.Goodbye, ago time.Duration) {
	if len(ep.state.goodbyes) >= maxGoodbyes {
		clear(ep.state.goodbyes)
	}
	ep.state.goodbyes[exiting{instance, ev}] = session.Uptime() - ago
}

// forgetGoodbyes forgets those that no disconnect followed.
func (ep *endpoint) forgetGoodbyes() {
	now := session.Uptime()
	maps.DeleteFunc(ep.state.goodbyes, func(_ exiting, said time.Duration) bool { return now-said > goodbyeKept })
}

// saidGoodbye tells whether the client of a session said goodbye, as the client that it is now: another with
// the same name and port may have left before it came. The log has the time to the second.
func (ep *endpoint) saidGoodbye(s session.Session, as exiting) bool {
	said, ok := ep.state.goodbyes[as]
	return ok && said+time.Second > s.Joined
}

// refreshClients notes which clients were heard, those of waiting logins too, and the outer addresses of those that changed theirs.
func (ep *endpoint) refreshClients(instance string, status ovpn.Status) {
	now := session.Uptime()
	for _, c := range status.Clients {
		client := session.Client{Instance: instance, CID: c.CID}
		ep.sessions.Hear(client, c.In, now)
		if p := ep.state.waiting[client]; p != nil {
			p.received = c.In
		}
		if s, moved := ep.sessions.Move(client, c.Peer); moved {
			ep.events.Add(s.Event())
			ep.journalSession(s)
		}
	}
}
