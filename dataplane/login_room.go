package dataplane

import (
	"errors"

	"sallyport/vpn"
)

// Logins that fail for the moment only: their clients try again by themselves.
var (
	errAddressSoon = vpn.Refuse(vpn.Unavailable, vpn.CodeAddressesExhausted, "The VPN endpoint frees an address for you. Your client tries again.")
	errPlaceTaken  = vpn.Refuse(vpn.Unavailable, vpn.CodeConnectionLimitExceeded, "The VPN endpoint frees a place for you. Your client tries again.")
)

func isForNow(err error) bool {
	return errors.Is(err, errAddressSoon) || errors.Is(err, errPlaceTaken)
}

// replaced gives the connections that are to end for a login because web gave it their places: their
// clients are away. One that has come back meanwhile keeps its place, and the login is to be made again. It runs in the owner
// goroutine.
func (ep *endpoint) replaced(d vpn.LoginDecision) ([]vpn.ConnectionID, error) {
	var out []vpn.ConnectionID
	for _, id := range d.Replaces {
		s, ok := ep.sessions.Get(id)
		switch {
		case !ok: // it has ended, or is another node's
		case !s.Away():
			return nil, errPlaceTaken
		default:
			out = append(out, id)
		}
	}
	return out, nil
}

// endReplaced ends connections for one more of the endpoint. It runs in the owner goroutine.
func (ep *endpoint) endReplaced(ids []vpn.ConnectionID) {
	ep.closeSessions(ending{reason: "The client was out of reach, and another client needed its place: the endpoint had its limit of connections."}, ids...)
}
