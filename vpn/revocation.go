package vpn

import (
	"slices"
	"time"
)

// Revocation is one revoked certificate: what its authority's list says, or what an administrator decided about a certificate of an
// authority whose list is made here.
type Revocation struct {
	CertificateNumber
	Reason     RevocationReason
	At         time.Time // as the list says
	By         string    // the administrator who revoked it here; empty: the list was imported
	CommonName string    // of the certificate; empty where it is not known
	NotAfter   time.Time // the certificate's end, after which it needs no entry; zero: not known
}

// Hold tells whether the certificate is only on hold, and may be released.
func (r Revocation) Hold() bool { return r.Reason == ReasonHold }

// CertificateNumber names a certificate by what its issuer signed: the issuer's key and the serial number. Neither a
// renewed issuer nor another encoding of the certificate has another one.
type CertificateNumber struct {
	IssuerKey string `json:"issuer_key"` // KeyDigest of the issuer; empty: not known
	// IssuerID is the key identifier of the issuer's certificate, where its key is not known: only the client sends that certificate. It is
	// signed by a known authority, and the issuer itself names it in what it signs. Hex; empty: not known.
	IssuerID string `json:"issuer_id,omitempty"`
	Serial   string `json:"serial"` // decimal
}

// ChainCertificate is a certificate above a client's own, as OpenVPN verified it.
type ChainCertificate struct {
	Serial      string `json:"serial"`      // decimal
	Fingerprint string `json:"fingerprint"` // SHA-256, hex
	// KeyID is its subject key identifier or, where it has none, the authority key identifier of the certificate below it: OpenSSL accepts no
	// others together. Hex; empty: neither has one, or the worker was started by a version that did not ask for it.
	KeyID string `json:"key_id,omitempty"`
}

// RevocationReason is why a certificate was revoked, by its name in RFC 5280.
type RevocationReason string

// The reasons. RFC 5280 has another one, removeFromCRL, which only lists of changes have.
const (
	ReasonUnspecified        RevocationReason = "unspecified"
	ReasonKeyCompromise      RevocationReason = "keyCompromise"
	ReasonCACompromise       RevocationReason = "cACompromise"
	ReasonAffiliationChanged RevocationReason = "affiliationChanged"
	ReasonSuperseded         RevocationReason = "superseded"
	ReasonCessation          RevocationReason = "cessationOfOperation"
	ReasonHold               RevocationReason = "certificateHold"
	ReasonPrivilegeWithdrawn RevocationReason = "privilegeWithdrawn"
	ReasonAACompromise       RevocationReason = "aACompromise"
)

// RevocationReasons are those that an administrator can give, in the order of a form.
var RevocationReasons = []RevocationReason{ReasonUnspecified, ReasonKeyCompromise, ReasonAffiliationChanged, ReasonSuperseded, ReasonCessation, ReasonHold, ReasonPrivilegeWithdrawn}

var reasons = map[RevocationReason]struct {
	number int
	words  string
}{
	ReasonUnspecified:        {0, "No reason given"},
	ReasonKeyCompromise:      {1, "The private key or the device was lost or stolen"},
	ReasonCACompromise:       {2, "The key of the authority was lost or stolen"},
	ReasonAffiliationChanged: {3, "Its holder belongs to another organization now"},
	ReasonSuperseded:         {4, "Another certificate replaces it"},
	ReasonCessation:          {5, "It is not needed any more"},
	ReasonHold:               {6, "On hold, until it is released"},
	ReasonPrivilegeWithdrawn: {9, "Its holder may not connect any more"},
	ReasonAACompromise:       {10, "The key of the attribute authority was lost or stolen"},
}

// Valid tells whether it is one of the reasons.
func (r RevocationReason) Valid() bool { _, ok := reasons[r]; return ok }

// Words is the reason for people.
func (r RevocationReason) Words() string { return reasons[r].words }

// Number is the reason's number in a list (RFC 5280, CRLReason).
func (r RevocationReason) Number() int { return reasons[r].number }

// ReasonNumbered is the reason with a number. False where RFC 5280 has none.
func ReasonNumbered(n int) (RevocationReason, bool) {
	for r, of := range reasons {
		if of.number == n {
			return r, true
		}
	}
	return "", false
}

// CheckRevocationReason checks a reason that an administrator chose. Field: reason.
func CheckRevocationReason(r RevocationReason) error {
	var c Check
	if !slices.Contains(RevocationReasons, r) {
		c.Bad("reason", "Choose why the certificate is revoked.")
	}
	return c.Err()
}

// RevocationOf is the revocation of a certificate that is kept here, without reason. Its issuer is not known where the
// certificate is kept without its chain.
func RevocationOf(c Certificate) Revocation {
	return Revocation{
		CertificateNumber: CertificateNumber{IssuerKey: c.ownIssuer().Key, Serial: c.Serial},
		CommonName:        c.CommonName, NotAfter: c.NotAfter,
	}
}

// Revocations are what revocation lists say that may be about logins, sessions and connections.
type Revocations struct {
	Entries []Revocation
	Lists   []RevocationList // those of the entries, and all that have expired
}

// Find gives the entry about one of the certificates, if there is one. The first certificate is the client's own, and the
// others are those above it.
func (rs Revocations) Find(chain []CertificateNumber) (entry Revocation, above, found bool) {
	for i, c := range chain {
		for _, r := range rs.Entries {
			if r.Serial == c.Serial && (r.IssuerKey == c.IssuerKey || c.IssuerKey == "" && (namesCertificate(r.Serial) || rs.mayBeIssuer(r.IssuerKey, c.IssuerID))) {
				return r, i > 0, true
			}
		}
	}
	return Revocation{}, false, false
}

// mayBeIssuer tells whether an authority may be the issuer of a certificate whose issuer only the client sends, so that its key is not known:
// it has the issuer's key identifier, or it is no root, and the serial number alone decides. A root is such an issuer only
// where another root has certified it as well.
func (rs Revocations) mayBeIssuer(key, id string) bool {
	return slices.ContainsFunc(rs.Lists, func(l RevocationList) bool { return l.IssuerKey == key && (!l.SelfSigned || l.hasKeyID(id)) })
}

var (
	errCertificateRevoked = Refuse(Denied, CodeCertificateRevoked, "Your certificate was revoked. Ask your administrator for another one.")
	errCertificateHeld    = Refuse(Denied, CodeCertificateRevoked, "Your certificate is on hold. Ask your administrator to release it.")
	errAuthorityRevoked   = Refuse(Denied, CodeCertificateRevoked, "The authority that issued your certificate was revoked. Ask your administrator for another certificate.")
)

// Refuse tells why the certificate of a login is refused at a time; nil where no list is against it. The login is one of
// Authorities.Verify.
func (rs Revocations) Refuse(r LoginRequest, now time.Time) *Error {
	chain := r.chain()
	if entry, above, found := rs.Find(chain); found {
		return entry.refuse(above)
	}
	for _, c := range chain {
		for _, l := range rs.Lists {
			if (l.IssuerKey == c.IssuerKey || c.IssuerKey == "" && l.hasKeyID(c.IssuerID)) && l.Stops(now) {
				return Refuse(Denied, CodeRevocationListExpired,
					"The certificate revocation list of "+PrintableText(l.Authority)+" has expired, so that no certificate of it is accepted. Ask your administrator.")
			}
		}
	}
	return nil
}

func (r Revocation) refuse(above bool) *Error {
	switch {
	case above:
		return errAuthorityRevoked
	case r.Hold():
		return errCertificateHeld
	default:
		return errCertificateRevoked
	}
}

// Message is what the user of a connection is shown that a revocation ends. Empty where none is about it.
func (rs Revocations) Message(c Connection) string {
	entry, above, found := rs.Find(c.Chain())
	if !found {
		return ""
	}
	return entry.refuse(above).Msg
}

// EndReason is why a session or a connection ended for one of the certificates it was made with.
func (r Revocation) EndReason(above bool) string {
	what := "The certificate"
	if above {
		what = "An authority above the certificate"
	}
	switch {
	case r.By == "":
		return what + " is on the certificate revocation list that was imported."
	case r.Hold():
		return what + " was put on hold by " + r.By + "."
	default:
		return what + " was revoked by " + r.By + "."
	}
}

// chain is the client's certificate and those above it, without the root.
func (r LoginRequest) chain() []CertificateNumber {
	if r.Serial == "" {
		return nil
	}
	return append([]CertificateNumber{{IssuerKey: r.IssuerKey, IssuerID: r.IssuerID, Serial: r.Serial}}, r.Above...)
}

// Chain is the certificate that the connection was made with, and those above it, without the root.
func (c Connection) Chain() []CertificateNumber {
	return LoginRequest{Serial: c.Serial, IssuerKey: c.IssuerKey, IssuerID: c.IssuerID, Above: c.Above}.chain()
}

// Chain is the same of the session's login.
func (s Session) Chain() []CertificateNumber {
	return LoginRequest{Serial: s.Serial, IssuerKey: s.IssuerKey, IssuerID: s.IssuerID, Above: s.Above}.chain()
}

// Barred is what may be against the certificates of logins.
type Barred struct {
	Blocks      CertificateBlocks
	Revocations Revocations
	Now         time.Time
}

// Refuse tells why the certificate of a login is refused; nil where nothing is against it. The login is one of Authorities.Verify.
func (b Barred) Refuse(r LoginRequest) *Error {
	if b.Blocks.Refuse(r) {
		return errCertificateBlocked
	}
	return b.Revocations.Refuse(r, b.Now)
}
