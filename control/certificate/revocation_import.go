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
// connections and sessions of every certificate on it. A list that is older than the present one, or than one that was removed, is taken only where
// older is true. All of it is in force at once, or none of it. Fields: crl, older.
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
	s.importing.Lock()
	defer s.importing.Unlock()
	var change listChange
	err = s.core.Read(ctx, by, vpn.DescribeRevocationList, string(id), func(tx *store.Tx) error {
		if change, err = compareList(ctx, tx, signed); err != nil {
			return err
		}
		if change.known {
			return checkReplaced(change.present, signed.List, older)
		}
		former, err := tx.FormerList(ctx, change.key)
		if err != nil {
			return err
		}
		return checkFormer(former, signed.List, older)
	})
	if err != nil {
		return ImportedList{}, err
	}
	out := ImportedList{List: signed.List, Added: len(change.added), Removed: len(change.gone)}
	var before int64
	if err = s.stage(ctx, &change, signed.Entries); err == nil {
		before, err = s.switchTo(ctx, by, id, change, signed, &out)
	}
	switch {
	case err != nil && change.staged != 0:
		s.clear(context.WithoutCancel(ctx), change.key, change.staged)
	case err == nil && before != 0:
		s.clear(context.WithoutCancel(ctx), change.key, before)
	}
	return out, err
}

// switchTo has an imported list be in force in place of the present one, and ends what it revokes. It gives the generation of entries that it
// replaces.
func (s *Service) switchTo(ctx context.Context, by control.Principal, id vpn.CertificateID, change listChange, signed vpn.SignedRevocationList, out *ImportedList) (before int64, err error) {
	err = s.core.Change(ctx, by, vpn.ImportRevocationList, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		if change.known {
			a.Before = control.Describe(change.present)
		}
		a.After = control.Describe(signed.List)
		if before, err = change.save(ctx, tx, signed); err != nil {
			return err
		}
		out.Ended, err = endRevoked(ctx, tx, signed.List.SavedAt)
		return err
	})
	return before, err
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

// checkFormer is for a list that replaces none because the one before was removed: nothing tells what that one had.
func checkFormer(former, next vpn.RevocationList, older bool) error {
	var c vpn.Check
	if next.OlderThan(former) && !older {
		c.Bad("older", "This list is older than one that was in force before and was removed: "+listName(next)+", after "+listName(former)+". Certificates that were revoked since are let in. Tick “Import it although it is older” if that is what you want.")
	}
	return c.Err()
}

func listName(l vpn.RevocationList) string {
	if l.ThisUpdate.IsZero() { // it was removed by an earlier version, which kept the number alone
		return "number " + l.Number
	}
	of := l.ThisUpdate.UTC().Format("2 January 2006, 15:04:05 UTC")
	if l.Number == "" {
		return "that of " + of
	}
	return "number " + l.Number + " of " + of
}

// DeleteRevocationList removes the imported list of an authority with its entries: certificates of the authority are let in again.
// A list that is made here stays.
func (s *Service) DeleteRevocationList(ctx context.Context, by control.Principal, id vpn.CertificateID, key string) error {
	var of string
	var before int64
	err := s.core.Change(ctx, by, vpn.DeleteRevocationList, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
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
		a.Before, of = control.Describe(list), authority.Key
		before, err = tx.DeleteRevocationList(ctx, authority.Key)
		return err
	})
	if err == nil {
		s.clear(context.WithoutCancel(ctx), of, before)
	}
	return err
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
