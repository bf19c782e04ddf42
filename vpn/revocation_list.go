package vpn

import (
	"math/big"
	"slices"
	"strings"
	"time"
)

// RevocationList is the list of one authority: the newest that was imported, or the one that is made here. An authority is its
// key: one that is renewed with its key goes on with its list.
type RevocationList struct {
	IssuerKey   string // KeyDigest of the authority
	KeyIDs      string // key identifiers that certificates of the authority can have, hex, separated by spaces; empty: not known yet
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

// hasKeyID tells whether a certificate of the authority can have a key identifier.
func (l RevocationList) hasKeyID(id string) bool {
	return id != "" && slices.Contains(strings.Fields(l.KeyIDs), id)
}

// Expired tells whether the next list should have come.
func (l RevocationList) Expired(now time.Time) bool {
	return !l.NextUpdate.IsZero() && !now.Before(l.NextUpdate)
}

// SignedRevocationList is a list with what it says.
type SignedRevocationList struct {
	List    RevocationList
	Entries []Revocation
	DER     []byte
}

// The list that is made here is renewed when listRenewal is left of listLife: long before it is warned of. Without the authority's key it cannot be renewed: the
// last one is valid for lastListLife.
const (
	listLife     = 90 * day
	listRenewal  = 60 * day
	lastListLife = 365 * day
)

// Due tells whether the list has to be signed: it is made here, and changed, or has less than listRenewal left.
func (l RevocationList) Due(now time.Time) bool {
	return !l.Imported && (l.Unsigned || !now.Before(l.NextUpdate.Add(-listRenewal)))
}

// Next is the list as it is to be signed at now, with the number after its own. last tells that the key will not be there for the
// following one. No list outlives its authority, which ends at end.
func (l RevocationList) Next(now, end time.Time, last bool) RevocationList {
	number, ok := new(big.Int).SetString(l.Number, 10)
	if !ok {
		number = new(big.Int)
	}
	l.Number = number.Add(number, big.NewInt(1)).String()
	life := listLife
	if last {
		life = lastListLife
	}
	l.ThisUpdate = now.Truncate(time.Second)
	l.NextUpdate = l.ThisUpdate.Add(life)
	if l.NextUpdate.After(end) {
		l.NextUpdate = end
	}
	l.Imported = false
	return l
}

// HigherListNumber is the higher one of two numbers of lists, each decimal or empty. The number of an authority's list never goes
// back (RFC 5280), not even after the list was removed here.
func HigherListNumber(a, b string) string {
	x, okX := new(big.Int).SetString(a, 10)
	y, okY := new(big.Int).SetString(b, 10)
	if !okX || okY && x.Cmp(y) < 0 {
		return b
	}
	return a
}

// OlderThan tells whether the list is older than another one of its authority, by their numbers or, where one has none, by their times.
func (l RevocationList) OlderThan(other RevocationList) bool {
	a, okA := new(big.Int).SetString(l.Number, 10)
	b, okB := new(big.Int).SetString(other.Number, 10)
	if okA && okB && a.Cmp(b) != 0 {
		return a.Cmp(b) < 0
	}
	return l.ThisUpdate.Before(other.ThisUpdate)
}

// Days is how many whole days the list is still valid.
func (l RevocationList) Days(now time.Time) int { return int(max(0, l.NextUpdate.Sub(now)) / day) }

// Stage is the warning about the list's end that is due (ExpiryStage). renews tells that the program renews the list itself.
func (l RevocationList) Stage(now time.Time, renews bool) int {
	if l.NextUpdate.IsZero() || renews {
		return NoExpiry
	}
	return ExpiryStage(l.NextUpdate, now)
}

// Warning says what the list's end means, and what to do; empty where there is no warning.
func (l RevocationList) Warning(now time.Time, renews bool) string {
	until := l.NextUpdate.UTC().Format("2 January 2006, 15:04 UTC")
	stage := l.Stage(now, renews)
	switch {
	case !l.Imported && l.Unsigned && !renews:
		return "The certificate revocation list of " + l.Authority + " has changed since it was signed, and the authority's key is not kept here. Sign it with the key: the list that others fetch is not complete."
	case stage < 0:
		return ""
	case l.Imported && stage == 0:
		return "The certificate revocation list of " + l.Authority + " expired on " + until + ": no client with a certificate of this authority can connect. Import a new list."
	case l.Imported:
		return "The certificate revocation list of " + l.Authority + " expires on " + until + ". From then on, no client with a certificate of this authority can connect. Import a new list before."
	case stage == 0:
		return "The certificate revocation list of " + l.Authority + " that others fetch expired on " + until + ", and the authority's key is not kept here. Sign a new one with the key."
	default:
		return "The certificate revocation list of " + l.Authority + " that others fetch expires on " + until + ", and the authority's key is not kept here. Sign a new one with the key before."
	}
}
