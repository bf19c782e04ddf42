package certificate

import (
	"context"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

// importBatch is how many entries of a list are written in one transaction: logins wait for its end.
const importBatch = 100

// listChange is what the import of a list changes in the stored entries.
type listChange struct {
	key     string             // of the authority
	present vpn.RevocationList // before
	known   bool               // there was one
	stored  int                // entries before
	added   []vpn.Revocation
	changed []vpn.Revocation // stored with another reason or time
	gone    []string         // serial numbers
	// staged is the generation that has all entries of the list, not in force yet; 0: the change is short, and made in one transaction.
	staged int64
}

var errListChanged = vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "The list of this authority was changed in the meantime. Import it again.")

// compareList compares a list with what is stored. It reads all entries, so it is not for a transaction that writes.
func compareList(ctx context.Context, tx *store.Tx, signed vpn.SignedRevocationList) (c listChange, err error) {
	c.key = signed.List.IssuerKey
	c.present, err = tx.RevocationList(ctx, c.key)
	if c.known = err == nil; err != nil && vpn.KindOf(err) != vpn.NotFound {
		return c, err
	}
	entries, err := tx.AllRevocations(ctx, c.key)
	if err != nil {
		return c, err
	}
	c.stored = len(entries)
	stored := make(map[string]vpn.Revocation, len(entries))
	for _, r := range entries {
		stored[r.Serial] = r
	}
	for _, r := range signed.Entries {
		old, there := stored[r.Serial]
		delete(stored, r.Serial)
		switch {
		case !there:
			c.added = append(c.added, r)
		case old.Reason != r.Reason || !old.At.Equal(r.At) || old.By != "":
			c.changed = append(c.changed, r)
		}
	}
	for serial := range stored {
		c.gone = append(c.gone, serial)
	}
	return c, nil
}

// short tells whether the change fits into one transaction.
func (c listChange) short() bool { return len(c.added)+len(c.changed)+len(c.gone) <= importBatch }

// stage writes all entries of a list in short transactions, where the change is not short. They are not in force before save: a process that is
// stopped before has changed nothing, and what it wrote is deleted (ClearUnused).
func (s *Service) stage(ctx context.Context, c *listChange, entries []vpn.Revocation) error {
	if c.short() {
		return nil
	}
	for at := 0; at < len(entries) || c.staged == 0; at += importBatch { // an empty list is staged too: its change is long
		part := entries[at:min(at+importBatch, len(entries))]
		err := s.core.Update(ctx, func(tx *store.Tx) error {
			if c.staged == 0 {
				n, err := tx.NewGeneration(ctx, c.key)
				if err != nil {
					return err
				}
				c.staged = n
			}
			return tx.StageRevocations(ctx, c.staged, part...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// save saves the list, and has its entries be in force. It gives the generation that they replace, 0 where they replace none. Conflict where the
// list is not the one that was compared with.
func (c listChange) save(ctx context.Context, tx *store.Tx, signed vpn.SignedRevocationList) (before int64, err error) {
	present, err := tx.RevocationList(ctx, c.key)
	if err != nil && vpn.KindOf(err) != vpn.NotFound {
		return 0, err
	}
	stored, err := tx.CountRevocations(ctx, c.key)
	if err != nil {
		return 0, err
	}
	if present != c.present || stored != c.stored {
		return 0, errListChanged
	}
	if err := tx.SaveRevocationList(ctx, signed.List, signed.DER); err != nil {
		return 0, err
	}
	if c.staged != 0 {
		return c.useStaged(ctx, tx, signed)
	}
	if err := tx.DeleteRevocations(ctx, c.key, c.gone...); err != nil {
		return 0, err
	}
	return 0, tx.SaveRevocations(ctx, append(c.changed, c.added...)...)
}

// useStaged has the staged entries be in force, where each of the list is there: another process may have taken them for those of an
// import that was stopped.
func (c listChange) useStaged(ctx context.Context, tx *store.Tx, signed vpn.SignedRevocationList) (before int64, err error) {
	if before, err = tx.UseGeneration(ctx, c.key, c.staged); err != nil {
		return 0, err
	}
	written, err := tx.CountRevocations(ctx, c.key)
	if err != nil {
		return 0, err
	}
	serials := make(map[string]bool, len(signed.Entries))
	for _, e := range signed.Entries {
		serials[e.Serial] = true
	}
	if written != len(serials) {
		return 0, errListChanged
	}
	return before, nil
}

// clear deletes entries that are not in force any more, in short transactions. What is left, for an error, housekeeping deletes.
func (s *Service) clear(ctx context.Context, issuerKey string, generation int64) {
	for left := importBatch; left == importBatch; {
		err := s.core.Update(ctx, func(tx *store.Tx) (err error) {
			left, err = tx.PurgeGeneration(ctx, issuerKey, generation, importBatch)
			return err
		})
		if err != nil {
			s.core.Log.WarnContext(ctx, "entries of a former certificate revocation list were not deleted yet", "err", err)
			return
		}
	}
}

// unusedLife is more than an import takes.
const unusedLife = time.Hour

// ClearUnused deletes entries that an import left which was stopped, and those of lists that were replaced or removed.
func (s *Service) ClearUnused(ctx context.Context) error {
	var unused []store.RevocationGeneration
	err := s.core.View(ctx, func(tx *store.Tx) (err error) {
		unused, err = tx.UnusedGenerations(ctx, s.core.Now().Add(-unusedLife))
		return err
	})
	for _, g := range unused {
		s.clear(ctx, g.IssuerKey, g.Generation)
	}
	return err
}
