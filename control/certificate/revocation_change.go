package certificate

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// importBatch is how many entries of a list are written in one transaction: logins wait for its end.
const importBatch = 200

// listChange is what the import of a list changes in the stored entries.
type listChange struct {
	present vpn.RevocationList // before
	known   bool               // there was one
	stored  int                // entries before, and those that saveEarly added
	added   []vpn.Revocation   // not saved yet
	changed []vpn.Revocation   // stored with another reason or time
	gone    []string           // serial numbers
}

var errListChanged = vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "The list of this authority was changed in the meantime. Import it again.")

// compareList compares a list with what is stored. It reads all entries, so it is not for a transaction that writes.
func compareList(ctx context.Context, tx *store.Tx, signed vpn.SignedRevocationList) (c listChange, err error) {
	c.present, err = tx.RevocationList(ctx, signed.List.IssuerKey)
	if c.known = err == nil; err != nil && vpn.KindOf(err) != vpn.NotFound {
		return c, err
	}
	entries, err := tx.AllRevocations(ctx, signed.List.IssuerKey)
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

// saveEarly saves most of what a long list adds, in short transactions. These entries are in force at once, before the list is shown as
// imported: their authority has revoked them. Where the import fails after that they stay, and the next one compares with them.
func (s *Service) saveEarly(ctx context.Context, c *listChange) error {
	for len(c.added) > importBatch {
		part := c.added[:importBatch]
		if err := s.core.Update(ctx, func(tx *store.Tx) error { return tx.SaveRevocations(ctx, part...) }); err != nil {
			return err
		}
		c.added = c.added[importBatch:]
		c.stored += importBatch
	}
	return nil
}

// save saves the rest and the list itself. Conflict where the list is not the one that was compared with.
func (c listChange) save(ctx context.Context, tx *store.Tx, signed vpn.SignedRevocationList) error {
	key := signed.List.IssuerKey
	present, err := tx.RevocationList(ctx, key)
	if err != nil && vpn.KindOf(err) != vpn.NotFound {
		return err
	}
	stored, err := tx.CountRevocations(ctx, key)
	if err != nil {
		return err
	}
	if present != c.present || stored != c.stored {
		return errListChanged
	}
	if err := tx.DeleteRevocations(ctx, key, c.gone...); err != nil {
		return err
	}
	if err := tx.SaveRevocations(ctx, append(c.changed, c.added...)...); err != nil {
		return err
	}
	return tx.SaveRevocationList(ctx, signed.List, signed.DER)
}
