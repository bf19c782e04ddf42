package certificate

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// ImportedList is what an import changed.
type ImportedList struct {
	List           vpn.RevocationList
	Added, Removed int // entries
	Ended          int // connections
}

// ImportRevocationList replaces the revocation list of an authority of a certificate's chain by one that was made elsewhere, and ends the
// connections and sessions of every certificate on it. A list that is older than the present one is taken only where
// older is true. Fields: crl, older.
func (s *Service) ImportRevocationList(ctx context.Context, by control.Principal, id vpn.CertificateID, text string, older bool) (ImportedList, error) {
	if err := s.core.Allow(ctx, by, vpn.ImportRevocationList, string(id)); err != nil { // before the work of reading it
		return ImportedList{}, err
	}
	var anchors string
	limit := 0
	err := s.core.Read(ctx, by, vpn.DescribeRevocationList, string(id), func(tx *store.Tx) error {
		_, all, err := s.authoritiesOf(ctx, tx, id)
		if err != nil {
			return err
		}
		for _, a := range all {
			anchors += a.PEM
		}
		deployment, err := s.core.Deployment(ctx, tx)
		limit = deployment.Quotas.RevocationEntries
		return err
	})
	if err != nil {
		return ImportedList{}, err
	}
	now := s.core.Now()
	signed, err := s.pki.CheckRevocationList(text, anchors, limit, now)
	if err != nil {
		return ImportedList{}, err
	}
	signed.List.Imported, signed.List.SavedAt, signed.List.SavedBy = true, now, by.Name
	out := ImportedList{List: signed.List}
	err = s.core.Change(ctx, by, vpn.ImportRevocationList, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		present, err := tx.RevocationList(ctx, signed.List.IssuerKey)
		if err != nil && vpn.KindOf(err) != vpn.NotFound {
			return err
		}
		if err == nil {
			if err := checkReplaced(present, signed.List, older); err != nil {
				return err
			}
			a.Before = control.Describe(present)
		}
		a.After = control.Describe(signed.List)
		if out.Added, out.Removed, err = saveEntries(ctx, tx, signed); err != nil {
			return err
		}
		if err := tx.SaveRevocationList(ctx, signed.List, signed.DER); err != nil {
			return err
		}
		out.Ended, err = endRevoked(ctx, tx, now)
		return err
	})
	return out, err
}

func checkReplaced(present, next vpn.RevocationList, older bool) error {
	var c vpn.Check
	switch {
	case !present.Imported && present.Entries > 0:
		c.Bad("crl", "The list of "+present.Authority+" is made here, and has revoked certificates. Revoke certificates here as well; a list that is made elsewhere would let those in again.")
	case next.OlderThan(present) && !older:
		c.Bad("older", "This list is older than the present one: "+listName(next)+" would replace "+listName(present)+". Certificates that were revoked since would be let in again. Tick “Import it although it is older” if that is what you want.")
	}
	return c.Err()
}

func listName(l vpn.RevocationList) string {
	of := l.ThisUpdate.UTC().Format("2 January 2006, 15:04:05 UTC")
	if l.Number == "" {
		return "that of " + of
	}
	return "number " + l.Number + " of " + of
}

// saveEntries makes the stored entries of a list those that it has now. Only what differs is written.
func saveEntries(ctx context.Context, tx *store.Tx, signed vpn.SignedRevocationList) (added, removed int, err error) {
	present, err := tx.AllRevocations(ctx, signed.List.IssuerKey)
	if err != nil {
		return 0, 0, err
	}
	stored := make(map[string]vpn.Revocation, len(present))
	for _, r := range present {
		stored[r.Serial] = r
	}
	var changed []vpn.Revocation
	for _, r := range signed.Entries {
		old, there := stored[r.Serial]
		delete(stored, r.Serial)
		if !there {
			added++
		}
		if !there || old.Reason != r.Reason || !old.At.Equal(r.At) || old.By != "" {
			changed = append(changed, r)
		}
	}
	gone := make([]string, 0, len(stored))
	for serial := range stored {
		gone = append(gone, serial)
	}
	if err := tx.DeleteRevocations(ctx, signed.List.IssuerKey, gone...); err != nil {
		return 0, 0, err
	}
	return added, len(gone), tx.SaveRevocations(ctx, changed...)
}

// DeleteRevocationList removes the imported list of an authority with its entries: certificates of the authority are let in again.
// A list that is made here stays.
func (s *Service) DeleteRevocationList(ctx context.Context, by control.Principal, id vpn.CertificateID, key string) error {
	return s.core.Change(ctx, by, vpn.DeleteRevocationList, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		authority, err := s.authorityOf(ctx, tx, id, key)
		if err != nil {
			return err
		}
		list, err := tx.RevocationList(ctx, authority.Key)
		if err != nil {
			return err
		}
		if !list.Imported {
			return vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "The list of "+authority.Name+" is made here, and cannot be removed.")
		}
		a.Before = control.Describe(list)
		if err := tx.DeleteRevocationsOf(ctx, authority.Key); err != nil {
			return err
		}
		return tx.DeleteRevocationList(ctx, authority.Key)
	})
}

// ExportedList is a revocation list as a file.
type ExportedList struct {
	DER  []byte
	PEM  string
	Base string // of the file's name
}

// ExportRevocationList gives the signed list of an authority. NotFound where there is none.
func (s *Service) ExportRevocationList(ctx context.Context, by control.Principal, id vpn.CertificateID, key string) (out ExportedList, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeRevocationList, string(id), func(tx *store.Tx) error {
		authority, err := s.authorityOf(ctx, tx, id, key)
		if err != nil {
			return err
		}
		out.Base = vpn.Certificate{ID: id, CommonName: authority.Name}.FileBase()
		out.DER, err = tx.RevocationListFile(ctx, authority.Key)
		return err
	})
	out.PEM = s.pki.EncodeRevocationList(out.DER)
	return out, err
}
