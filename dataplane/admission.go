package dataplane

import (
	"sync"

	"sallyport/vpn"
)

// admissions holds the host's connections to two things that no single endpoint can see: an ID
// names one connection only, and there are at most as many as the host's owner allows. A second
// holder of an ID would take the first one's place in the books, and the first one, still in
// the kernel, would never end.
type admissions struct {
	mu   sync.Mutex
	held map[vpn.ConnectionID]bool // true while it lives; false while its address rests
	live int
}

// enter reserves an ID; most 0 is no limit.
func (a *admissions) enter(id vpn.ConnectionID, most int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.held[id]; known {
		return errKnownConnection
	}
	if most > 0 && a.live >= most {
		return vpn.Refuse(vpn.Conflict, "ClientVpnConnectionLimitExceeded", "This VPN server takes no more connections. Ask your administrator.")
	}
	if a.held == nil {
		a.held = map[vpn.ConnectionID]bool{}
	}
	a.held[id] = true
	a.live++
	return nil
}

// errKnownConnection: the ID is another connection's.
var errKnownConnection = vpn.Refuse(vpn.Conflict, "InvalidParameterValue", "A connection with this ID exists.")

// end notes that a connection is over; its ID is not free yet.
func (a *admissions) end(id vpn.ConnectionID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.held[id] {
		a.held[id] = false
		a.live--
	}
}

// leave frees an ID.
func (a *admissions) leave(id vpn.ConnectionID) {
	a.end(id)
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.held, id)
}
