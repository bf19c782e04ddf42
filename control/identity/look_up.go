package identity

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Pass is one look-up of all users of a directory that have VPN sessions.
type Pass struct {
	At    time.Time
	Users int
	Lost  int // users who would lose all their access by it
	// Held tells that so many would lose it that none does, until an administrator confirms.
	Held bool
	// Failed is why the directory could not be asked; empty: it was.
	Failed string
	Since  time.Time // of Held or Failed
}

// LookUp reads a user of a directory again, by vpn.ProviderUser.Key.
func (s *Service) LookUp(ctx context.Context, id vpn.DirectoryID, key string) (vpn.ProviderUser, error) {
	_, source, err := s.Source(ctx, id)
	if err != nil {
		return vpn.ProviderUser{}, err
	}
	return source.LookUp(ctx, key)
}

// NotePass keeps the result of a look-up for the pages, and gives the one before. What no longer has sessions is forgotten
// with Pass{}.
func (s *Service) NotePass(id vpn.DirectoryID, p Pass) (before Pass) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before = s.passes[id]
	if p.At.IsZero() {
		delete(s.passes, id)
		return before
	}
	p.Since = p.At
	if p.Held && before.Held || p.Failed != "" && before.Failed != "" {
		p.Since = before.Since
	}
	s.passes[id] = p
	if !p.Held {
		delete(s.confirmed, id)
	}
	return before
}

// LastPass is the last look-up of a directory; false where there was none, or no user has a session.
func (s *Service) LastPass(id vpn.DirectoryID) (Pass, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.passes[id]
	return p, ok
}

// Confirmed tells whether an administrator confirmed that the users who are gone lose their sessions.
func (s *Service) Confirmed(id vpn.DirectoryID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.confirmed[id]
}

// ConfirmLoss has the next look-up end the sessions that it was held for. Conflict where none is held.
func (s *Service) ConfirmLoss(ctx context.Context, by control.Principal, id vpn.DirectoryID) error {
	return s.core.Change(ctx, by, vpn.ConfirmDirectoryLookUp, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		if _, err := tx.Directory(ctx, id); err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		p := s.passes[id]
		if !p.Held {
			return vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "No look-up of this directory is held.")
		}
		a.After = control.Describe(p)
		s.confirmed[id] = true
		return nil
	})
}

// Held is a directory whose look-up is held.
type Held struct {
	Directory vpn.DirectoryID
	Label     string // what lists call it
	Pass
}

// HeldPasses lists the directories whose look-up is held, for the banner of every page.
func (s *Service) HeldPasses(ctx context.Context) []Held {
	s.mu.Lock()
	var out []Held
	for _, id := range slices.Sorted(maps.Keys(s.passes)) {
		if p := s.passes[id]; p.Held {
			out = append(out, Held{id, string(id), p})
		}
	}
	s.mu.Unlock()
	if len(out) == 0 {
		return nil
	}
	var names map[vpn.ProviderID]string
	err := s.core.View(ctx, func(tx *store.Tx) (err error) { names, err = tx.ProviderNames(ctx); return err })
	if err != nil {
		return out // the ID is enough where the name cannot be read
	}
	for i, h := range out {
		out[i].Label = cmp.Or(names[h.Directory.Provider()], h.Label)
	}
	return out
}

// Sentence says what is held.
func (p Pass) Sentence() string {
	return fmt.Sprintf("%d of the %d users with sessions are gone from the directory, or lost all their groups, at once. No session was changed.", p.Lost, p.Users)
}
