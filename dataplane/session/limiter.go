package session

import (
	"sync"

	"sallyport/vpn"
)

// Limiter checks three things across all endpoints of the host: a connection ID names one connection
// only, a connection that was terminated before it began does not begin, and the number of connections
// stays within the host policy. A second session under one ID would replace the first in the table, and
// the first, still in the kernel, would never end. The zero value is empty. A Limiter is safe for
// concurrent use.
type Limiter struct {
	mu      sync.Mutex                  // guards the fields below; no other lock is taken under it
	ids     map[vpn.ConnectionID]bool   // true: live; false: its address cools down
	refused map[vpn.ConnectionID]string // terminated before they began: the reason. None of them is in ids
	live    int
}

// Reserve takes an ID while fewer than limit connections are live; limit 0 is no limit. The errors
// are ErrKnownConnection, a Denied with the reason of RefuseUnknown, and ErrFull.
func (l *Limiter) Reserve(id vpn.ConnectionID, limit int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.check(id); err != nil {
		return err
	}
	if limit > 0 && l.live >= limit {
		return ErrFull
	}
	if l.ids == nil {
		l.ids = map[vpn.ConnectionID]bool{}
	}
	l.ids[id] = true
	l.live++
	return nil
}

// Replace takes an ID for a connection that begins in the place of one that the caller ends. The errors
// are those of Reserve; ErrFull where the former one has ended already.
func (l *Limiter) Replace(former, id vpn.ConnectionID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.check(id); err != nil {
		return err
	}
	if !l.ids[former] {
		return ErrFull
	}
	l.ids[former], l.ids[id] = false, true
	return nil
}

// check tells why an ID cannot be taken; l.mu is held.
func (l *Limiter) check(id vpn.ConnectionID) error {
	if _, known := l.ids[id]; known {
		return ErrKnownConnection
	}
	if reason, refused := l.refused[id]; refused {
		return vpn.Refuse(vpn.Denied, vpn.CodeConnectionTerminated, reason)
	}
	return nil
}

// Why the Limiter does not take an ID: another connection has it, or the host takes no more.
var (
	ErrKnownConnection = vpn.Refuse(vpn.Conflict, vpn.CodeInvalidParameterValue, "A connection with this ID exists.")
	ErrFull            = vpn.Refuse(vpn.Conflict, vpn.CodeConnectionLimitExceeded, "This VPN server takes no more connections. Ask your administrator.")
)

// RefuseUnknown refuses an ID that no connection has, so that a login that is being answered cannot begin
// one: Reserve gives the reason until Forget. It tells whether no connection has the ID; added is true
// where it was not refused before.
func (l *Limiter) RefuseUnknown(id vpn.ConnectionID, reason string) (unknown, added bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.ids[id]; known {
		return false, false
	}
	if _, refused := l.refused[id]; refused {
		return true, false
	}
	if l.refused == nil {
		l.refused = map[vpn.ConnectionID]string{}
	}
	l.refused[id] = reason
	return true, true
}

// Forget takes RefuseUnknown back.
func (l *Limiter) Forget(ids ...vpn.ConnectionID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		delete(l.refused, id)
	}
}

// End notes that a connection has ended. Its ID is not free yet.
func (l *Limiter) End(id vpn.ConnectionID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ids[id] {
		l.ids[id] = false
		l.live--
	}
}

// Release frees an ID.
func (l *Limiter) Release(id vpn.ConnectionID) {
	l.End(id)
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.ids, id)
}
