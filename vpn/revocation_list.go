package vpn

import "time"

// RevocationList is the list of one authority: the newest that was imported, or the one that is made here. An authority is its
// key: one that is renewed with its key goes on with its list.
type RevocationList struct {
	IssuerKey   string // KeyDigest of the authority
	Authority   string // its name
	Fingerprint string // of the authority's certificate that the list was checked or signed with, as BareFingerprint
	SelfSigned  bool   // that certificate is a root
	Imported    bool
	Number      string // decimal; empty: the list has none
	ThisUpdate  time.Time
	NextUpdate  time.Time // zero: the list is made here and was never signed
	Entries     int
	Unsigned    bool // the list is made here, and changed since it was signed
	SavedAt     time.Time
	SavedBy     string // empty: the program, which renews what is made here
}

// Stops tells whether every certificate of the authority is refused: it was imported, and has expired, so
// that it is not known who was revoked since (guide, "Client software returns TLS error"). What is revoked here is known.
func (l RevocationList) Stops(now time.Time) bool { return l.Imported && l.Expired(now) }

// Expired tells whether the next list should have come.
func (l RevocationList) Expired(now time.Time) bool {
	return !l.NextUpdate.IsZero() && !now.Before(l.NextUpdate)
}
