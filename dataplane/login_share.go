package dataplane

import (
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

// sharersToEnd gives the connections of a login's user or certificate that end for one more, or refuses it. It and
// the opening of the session run in the owner goroutine together, so that logins that are granted at the
// same time cannot pass the limit.
func (ep *endpoint) sharersToEnd(p *pending, d vpn.LoginDecision) ([]vpn.ConnectionID, error) {
	sharer := vpn.SharerOf(d.User, p.certificate)
	if sharer == (vpn.Sharer{}) || d.Share.Limit <= 0 {
		return nil, nil
	}
	sessions := ep.sessions.Select(func(s *session.Session) bool {
		return vpn.SharerOf(s.User, s.Certificate) == sharer && s.Connection != d.Connection
	})
	held := make([]vpn.Held, len(sessions))
	for i, s := range sessions {
		held[i] = vpn.Held{Connection: s.Connection, Began: s.Began, Away: s.AwayAt}
	}
	return d.Share.Admit(sharer, held)
}

// endSharers ends connections for one more of the same user or certificate. It runs in the owner goroutine.
func (ep *endpoint) endSharers(ids []vpn.ConnectionID) {
	if len(ids) > 0 {
		message := ovpn.Halt("Another connection of yours took the place of this one.")
		why := ending{reason: "Another connection of the same user or certificate took its place.", message: &message}
		ep.notify(why, ep.closeSessions(why, ids...))
	}
}
