package dataplane

import (
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
)

const clientDisconnected = "The client disconnected."

// exiting is a client that said goodbye and has not disconnected yet.
type exiting struct {
	instance string
	ovpn.Goodbye
}

// maxGoodbyes bounds how many of them are remembered. One that is forgotten counts as out of reach.
const maxGoodbyes = 1000

// goodbye ends the connection of a client that left by itself. OpenVPN keeps a client for some seconds
// more whose goodbye came on the control channel; its disconnect then finds no session. A client that
// has changed its address since the worker was last asked is found when it disconnects.
func (ep *endpoint) goodbye(instance string, ev ovpn.Goodbye) {
	for _, s := range ep.sessions.Select(func(s *session.Session) bool {
		return !s.Away() && s.Established && s.Instance == instance && s.Peer == ev.Peer && s.User.Name == ev.CommonName
	}) {
		ep.closeSessions(ending{reason: clientDisconnected}, s.Connection)
		return
	}
	ep.rememberGoodbye(instance, ev)
}

// rememberGoodbye has the connection of a client end when OpenVPN reports its disconnect.
func (ep *endpoint) rememberGoodbye(instance string, ev ovpn.Goodbye) {
	if len(ep.state.goodbyes) >= maxGoodbyes {
		clear(ep.state.goodbyes)
	}
	ep.state.goodbyes[exiting{instance, ev}] = true
}

// refreshPeers notes the outer addresses of clients that changed theirs.
func (ep *endpoint) refreshPeers(instance string, status ovpn.Status) {
	for _, c := range status.Clients {
		if s, moved := ep.sessions.Move(session.Client{Instance: instance, CID: c.CID}, c.Peer); moved {
			ep.events.Add(s.Event())
			ep.journalSession(s)
		}
	}
}
