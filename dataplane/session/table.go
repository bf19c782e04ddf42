package session

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// Table is the sessions of one endpoint and the addresses that they hold. Every look-up that an
// event needs takes constant time: thousands of clients renegotiate every hour. The table gives out
// copies of sessions, and only its methods change what it holds. A Table is safe for concurrent use.
type Table struct {
	mu          sync.Mutex // guards the fields below; no other lock is taken under it, and no kernel call is made
	pool        *Pool
	byID        map[vpn.ConnectionID]*Session
	byToken     map[string]*Session // by OpenVPN's session ID, for returns without a login
	byClient    map[Client]*Session // those that a worker has
	associated  map[vpn.AssociationID]int
	established int        // sessions that are up
	releasing   []Released // ended, and the address is not released yet
	cooling     []Released // the address is released, in the order of Until
}

// NewTable makes a table without sessions that gives out addresses of the blocks.
func NewTable(client netip.Prefix, blocks []int, now func() time.Time) *Table {
	return &Table{
		pool: NewPool(client, blocks, now), byID: map[vpn.ConnectionID]*Session{}, byToken: map[string]*Session{},
		byClient: map[Client]*Session{}, associated: map[vpn.AssociationID]int{},
	}
}

// AssignBlocks sets the blocks of addresses that sessions may get.
func (t *Table) AssignBlocks(blocks []int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pool.Assign(blocks)
}

// HasFreeAddress tells whether Open would find an address.
func (t *Table) HasFreeAddress() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.pool.next()
	return ok
}

// Open adds a session under a free address, its own where that is free. Where its association is none of those given, it gets
// the one with the fewest sessions. ok is false where no address is free.
func (t *Table) Open(s Session, associations []vpn.DesiredAssociation) (opened Session, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.Addr, ok = t.pool.Take(s.Addr); !ok {
		return Session{}, false
	}
	if !contains(associations, s.Association) {
		s.Association = t.leastUsed(associations)
	}
	t.add(&s)
	return s, true
}

// Adopt adds a session of an earlier process. It is false where the address is held already, or no
// client may have it.
func (t *Table) Adopt(s Session) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.pool.Hold(s.Addr) {
		return false
	}
	s.User.Groups = vpn.CanonicalGroups(s.User.Groups) // of an earlier version
	t.add(&s)
	t.byToken[s.Token] = t.byID[s.Connection]
	return true
}

// add enters a session. Those in journals of earlier versions have no common name: it is what they call the user.
func (t *Table) add(s *Session) {
	if s.CommonName == "" && s.User.Provider == "" {
		s.CommonName = s.User.Name
	}
	s.heard = Uptime()
	t.byID[s.Connection] = s
	t.associated[s.Association]++
	if !s.Away() {
		t.byClient[s.Client()] = s
	}
}

// Get finds a session.
func (t *Table) Get(id vpn.ConnectionID) (Session, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return found(t.byID[id])
}

// ByClient finds the session of a worker's client.
func (t *Table) ByClient(c Client) (Session, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return found(t.byClient[c])
}

// ByToken finds the session that a token belongs to.
func (t *Table) ByToken(token string) (Session, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return found(t.byToken[token])
}

func found(s *Session) (Session, bool) {
	if s == nil {
		return Session{}, false
	}
	return *s, true
}

// Select gives the sessions for which match is true, all where it is nil. match must not call the
// table and must not keep or change its argument.
func (t *Table) Select(match func(*Session) bool) []Session {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Session
	for _, s := range t.byID {
		if match == nil || match(s) {
			out = append(out, *s)
		}
	}
	return out
}

// Up is the number of sessions whose tunnel is up.
func (t *Table) Up() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.established
}

// AllowReturn lets the session's client return with its token from now on.
func (t *Table) AllowReturn(id vpn.ConnectionID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.byID[id]; s != nil {
		t.byToken[s.Token] = s
	}
}

// Bind gives a session that an earlier version journalled the certificate of its client.
func (t *Table) Bind(id vpn.ConnectionID, certificate string) (Session, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.byID[id]
	if s == nil || s.Certificate != "" {
		return Session{}, false
	}
	s.Certificate = certificate
	return *s, true
}

// Identify gives a session its user as the directory has it now.
func (t *Table) Identify(id vpn.ConnectionID, user vpn.Identity) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.byID[id]; s != nil {
		s.User = user
	}
}

// Arrival is a client that returns to its session.
type Arrival struct {
	Client Client
	KID    ovpn.KID
	Device string
	Peer   netip.AddrPort
	At     time.Duration // in Uptime
	Token  string        // of a client that came without one; empty: the session keeps its token
	// Certificate is of a client whose session has none, because an earlier version journalled it.
	Certificate string
}

// Attach gives a session to a worker whose client it is now. It gets another association where its
// own is none of those given.
func (t *Table) Attach(id vpn.ConnectionID, a Arrival, associations []vpn.DesiredAssociation) (Session, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.byID[id]
	if s == nil {
		return Session{}, false
	}
	t.detach(s)
	if a.Token != "" && a.Token != s.Token { // the client returns with it once AllowReturn says so
		if t.byToken[s.Token] == s {
			delete(t.byToken, s.Token)
		}
		s.Token = a.Token
	}
	s.received, s.heard, s.listed, s.unheard = 0, a.At, 0, false
	s.Instance, s.CID, s.KID, s.Device, s.Peer = a.Client.Instance, a.Client.CID, a.KID, a.Device, a.Peer
	s.AwayAt, s.Joined, s.Certificate = 0, a.At, cmp.Or(s.Certificate, a.Certificate)
	t.byClient[a.Client] = s
	if !contains(associations, s.Association) {
		t.move(s, t.leastUsed(associations))
	}
	return *s, true
}

// Detach takes sessions from their workers and keeps them for the return of their clients, which are
// away from the given Uptime on. counted is what the kernel counted for each address since the last Detach.
func (t *Table) Detach(ids []vpn.ConnectionID, counted map[netip.Addr]vpn.Counters, uptime time.Duration) []Session {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Session
	for _, id := range ids {
		if s := t.byID[id]; s != nil {
			t.detach(s)
			s.Before = s.Before.Plus(counted[s.Addr])
			if !s.Away() {
				s.AwayAt = uptime
			}
			out = append(out, *s)
		}
	}
	return out
}

// LongestAway gives the n sessions that have been away for the longest time.
func (t *Table) LongestAway(n int) []vpn.ConnectionID {
	away := t.Select(func(s *Session) bool { return s.Away() })
	slices.SortFunc(away, func(a, b Session) int { return cmp.Compare(a.AwayAt, b.AwayAt) })
	return vpn.IDsOf(away[:min(max(n, 0), len(away))], func(s Session) vpn.ConnectionID { return s.Connection })
}

// Shortage is how many sessions are to end so that, once their addresses are free, a few are left for
// new clients.
func (t *Table) Shortage() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	capacity := t.pool.Capacity()
	return max(0, min(capacity/reservedShare, maxReserved)-(capacity-len(t.byID)))
}

// A share of the addresses is kept free of clients that are away: one in reservedShare, at most maxReserved.
const (
	reservedShare = 16
	maxReserved   = 64
)

// Move notes the outer address of a worker's client, and tells whether it is another one.
func (t *Table) Move(c Client, peer netip.AddrPort) (s Session, moved bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.byClient[c]
	if p == nil || !peer.IsValid() || p.Peer == peer {
		return Session{}, false
	}
	p.Peer = peer
	return *p, p.up
}

func (t *Table) detach(s *Session) {
	t.setUp(s, false)
	s.asked = false
	if t.byClient[s.Client()] == s {
		delete(t.byClient, s.Client())
	}
}

func (t *Table) setUp(s *Session, up bool) {
	switch {
	case up && !s.up:
		t.established++
	case !up && s.up:
		t.established--
	}
	s.up = up
}

// Establish notes that the tunnel of a worker's client is up. first is true where it was not up
// before: never, or not since the client returned. A valid peer replaces the client's outer address.
func (t *Table) Establish(c Client, peer netip.AddrPort) (s Session, first, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.byClient[c]
	if p == nil {
		return Session{}, false, false
	}
	first = !p.Established || !p.up
	t.setUp(p, true)
	p.Established = true
	if peer.IsValid() {
		p.Peer = peer
	}
	return *p, first, true
}

// Reassociate gives every session whose association is none of those given another one, and gives
// back the sessions that changed.
func (t *Table) Reassociate(associations []vpn.DesiredAssociation) []Session {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Session
	for _, s := range t.byID {
		if !contains(associations, s.Association) {
			t.move(s, t.leastUsed(associations))
			out = append(out, *s)
		}
	}
	return out
}

func (t *Table) move(s *Session, to vpn.AssociationID) {
	t.dissociate(s.Association)
	s.Association = to
	t.associated[to]++
}

func (t *Table) dissociate(id vpn.AssociationID) {
	if t.associated[id]--; t.associated[id] <= 0 {
		delete(t.associated, id)
	}
}

// leastUsed is the association with the fewest sessions.
func (t *Table) leastUsed(associations []vpn.DesiredAssociation) vpn.AssociationID {
	best := vpn.AssociationID("")
	for _, a := range associations {
		if best == "" || t.associated[a.ID] < t.associated[best] {
			best = a.ID
		}
	}
	return best
}

func contains(associations []vpn.DesiredAssociation, id vpn.AssociationID) bool {
	return slices.ContainsFunc(associations, func(a vpn.DesiredAssociation) bool { return a.ID == id })
}

// Verify compares the table's indexes with its sessions. It is for tests.
func (t *Table) Verify() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	up, clients, associated := 0, 0, map[vpn.AssociationID]int{}
	holders := map[netip.Addr]vpn.ConnectionID{}
	for id, s := range t.byID {
		associated[s.Association]++
		if s.up {
			up++
		}
		if !s.Away() {
			clients++
			if t.byClient[s.Client()] != s {
				return fmt.Errorf("session %s is not found by its client", id)
			}
		}
		if other, twice := holders[s.Addr]; twice || !t.pool.Holds(s.Addr) {
			return fmt.Errorf("session %s has address %s, which the pool has given to %q", id, s.Addr, other)
		}
		holders[s.Addr] = id
	}
	for token, s := range t.byToken {
		if t.byID[s.Connection] != s || s.Token != token {
			return fmt.Errorf("token of session %s finds another session, or one that has ended", s.Connection)
		}
	}
	if held := t.pool.Held(); held != len(t.byID)+len(t.releasing) {
		return fmt.Errorf("%d addresses are held by %d sessions and %d that ended", held, len(t.byID), len(t.releasing))
	}
	if up != t.established || clients != len(t.byClient) || !maps.Equal(associated, t.associated) {
		return fmt.Errorf("up %d, want %d; clients %d, want %d; associations %v, want %v", t.established, up, len(t.byClient), clients, t.associated, associated)
	}
	return nil
}

// Remove forgets sessions and gives back those that were there and for which only is true; only may
// be nil. Their addresses stay held until Release.
func (t *Table) Remove(ids []vpn.ConnectionID, only func(Session) bool) []Session {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Session
	for _, id := range ids {
		s := t.byID[id]
		if s == nil || only != nil && !only(*s) {
			continue
		}
		out = append(out, *s)
		t.detach(s)
		delete(t.byID, id)
		if t.byToken[s.Token] == s {
			delete(t.byToken, s.Token)
		}
		t.dissociate(s.Association)
	}
	return out
}
