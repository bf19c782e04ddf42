package session

import "sallyport/vpn"

// Tell notes that a session's client was told the desired state of a generation.
func (t *Table) Tell(id vpn.ConnectionID, generation uint64) (Session, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.byID[id]
	if s == nil {
		return Session{}, false
	}
	s.Told = generation
	return *s, true
}

// Asked tells whether the client was told to connect again, and has not left its worker yet.
func (s Session) Asked() bool { return s.asked }

// TakeOutdated gives at most n sessions that are up and whose clients were told an older generation, each once until
// its client has left its worker.
func (t *Table) TakeOutdated(generation uint64, n int) []Session {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Session
	for _, s := range t.byID {
		if len(out) == n {
			break
		}
		if s.up && !s.asked && s.Told < generation {
			s.asked = true
			out = append(out, *s)
		}
	}
	return out
}
