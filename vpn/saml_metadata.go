package vpn

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// MaxSAMLMetadata bounds a metadata document, in bytes. That of a whole federation is larger, and is refused in any case.
const MaxSAMLMetadata = 512 << 10

// SAMLMetadata is what the metadata document of an identity provider (IdP) says, as far as sign-ins depend on it.
type SAMLMetadata struct {
	EntityID string `json:"entity_id"`
	// SignInURL is the single sign-on service with the binding HTTP-Redirect.
	SignInURL string `json:"sign_in_url"`
	// Certificates are those that may sign answers. During a change of keys there is more than one.
	Certificates []SAMLCertificate `json:"certificates"`
	// ValidUntil is when the document itself ends; zero: it does not.
	ValidUntil time.Time `json:"valid_until,omitzero"`
	// WantsSigned tells that the IdP asks for signed requests.
	WantsSigned bool `json:"wants_signed,omitempty"`
}

// SAMLCertificate is a certificate that an IdP signs with.
type SAMLCertificate struct {
	Subject     string    `json:"subject"`     // common name, or the whole name where there is none
	Fingerprint string    `json:"fingerprint"` // SHA-256, upper-case hex with colons
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
}

// Expired reports whether the certificate has ended at now.
func (c SAMLCertificate) Expired(now time.Time) bool { return now.After(c.NotAfter) }

// ExpiresSoon reports whether the certificate ends within ExpiryWarning.
func (c SAMLCertificate) ExpiresSoon(now time.Time) bool {
	return !c.Expired(now) && now.Add(ExpiryWarning).After(c.NotAfter)
}

// SAMLDifference is a part of two metadata documents that is not the same.
type SAMLDifference struct {
	Label string `json:"label"`
	Was   string `json:"was"`
	Is    string `json:"is"`
}

// DifferencesTo lists what is different in a newer document.
func (m SAMLMetadata) DifferencesTo(newer SAMLMetadata) []SAMLDifference {
	var out []SAMLDifference
	add := func(label, was, is string) {
		if was != is {
			out = append(out, SAMLDifference{label, was, is})
		}
	}
	add("Entity ID of the IdP", m.EntityID, newer.EntityID)
	add("Sign-in URL", m.SignInURL, newer.SignInURL)
	for _, c := range m.Certificates {
		if !newer.has(c) {
			add("Signing certificate", c.text(), "")
		}
	}
	for _, c := range newer.Certificates {
		if !m.has(c) {
			add("Signing certificate", "", c.text())
		}
	}
	add(labelValidUntil, dayOrNone(m.ValidUntil), dayOrNone(newer.ValidUntil))
	add("The IdP asks for signed requests", yesNo(m.WantsSigned), yesNo(newer.WantsSigned))
	return out
}

const labelValidUntil = "Metadata valid until"

// NewsIn lists what an administrator should know of a newer document: DifferencesTo without an end that has only moved on,
// because many identity providers renew it every day. Expiries warns of the stored one.
func (m SAMLMetadata) NewsIn(newer SAMLMetadata) []SAMLDifference {
	later := newer.ValidUntil.IsZero() || !m.ValidUntil.IsZero() && newer.ValidUntil.After(m.ValidUntil)
	return slices.DeleteFunc(m.DifferencesTo(newer), func(d SAMLDifference) bool { return later && d.Label == labelValidUntil })
}

func (m SAMLMetadata) has(c SAMLCertificate) bool {
	return slices.ContainsFunc(m.Certificates, func(o SAMLCertificate) bool { return o.Fingerprint == c.Fingerprint })
}

func (c SAMLCertificate) text() string {
	return fmt.Sprintf("%s, valid until %s, SHA-256 %s", PrintableText(c.Subject), dayOrNone(c.NotAfter), c.Fingerprint)
}

func dayOrNone(t time.Time) string {
	if t.IsZero() {
		return "no end"
	}
	return t.UTC().Format("2 January 2006")
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// SAMLExpiry is an end that makes sign-ins at a provider fail.
type SAMLExpiry struct {
	What string // that ends, as a sentence names it
	At   time.Time
	// Days is how many whole days are left; -1: it has ended.
	Days  int
	Stage int // ExpiryStage
}

// Expiries lists what ends within 30 days or has ended: the last of the signing certificates, because the others may be
// left over from a change of keys, and the document. The first to end is the first.
func (m SAMLMetadata) Expiries(now time.Time) []SAMLExpiry {
	var out []SAMLExpiry
	add := func(what string, at time.Time) {
		if at.IsZero() || now.Add(ExpiryWarning).Before(at) {
			return
		}
		days := -1
		if !now.After(at) {
			days = int(at.Sub(now) / (24 * time.Hour))
		}
		out = append(out, SAMLExpiry{What: what, At: at, Days: days, Stage: ExpiryStage(at, now)})
	}
	var last time.Time
	for _, c := range m.Certificates {
		if c.NotAfter.After(last) {
			last = c.NotAfter
		}
	}
	what := "The certificate that the IdP signs with"
	if len(m.Certificates) > 1 {
		what = "The last of the certificates that the IdP signs with"
	}
	add(what, last)
	add("The metadata of the IdP", m.ValidUntil)
	slices.SortStableFunc(out, func(a, b SAMLExpiry) int { return a.At.Compare(b.At) })
	return out
}

// Sentence says when it ends, and what then.
func (e SAMLExpiry) Sentence() string {
	if e.Days < 0 {
		return fmt.Sprintf("%s ended on %s: sign-ins are refused. Get new metadata from the IdP, then modify the provider.", e.What, dayOrNone(e.At))
	}
	left := "in " + counted(e.Days, "day", "days")
	if e.Days == 0 {
		left = "within a day"
	}
	return fmt.Sprintf("%s ends %s, on %s: sign-ins are refused from then on. Get new metadata from the IdP, then modify the provider.", e.What, left, dayOrNone(e.At))
}

// SAMLLook is the last look at the document behind the metadata URL of a provider. It changes nothing by itself.
type SAMLLook struct {
	At time.Time `json:"at,omitzero"` // zero: there was none
	// Failed is why the document could not be read; empty: it was.
	Failed string `json:"failed,omitempty"`
	// Since is when Failed or Differences began.
	Since       time.Time        `json:"since,omitzero"`
	Differences []SAMLDifference `json:"differences,omitempty"`
	// Metadata is what the document says; zero after a failure.
	Metadata SAMLMetadata `json:"metadata,omitzero"`
	// Warned is the stage of the last warning of an end, by what ends, so that each is logged once.
	Warned map[string]int `json:"warned,omitempty"`
}

// Sentence says what an administrator should know of the look; empty: nothing.
func (l SAMLLook) Sentence() string {
	switch {
	case l.Failed != "":
		return "The metadata URL cannot be read: " + l.Failed + " Sign-ins go on with the metadata that is stored."
	case len(l.Differences) == 0:
		return ""
	}
	var labels []string
	for _, d := range l.Differences {
		if !slices.Contains(labels, d.Label) {
			labels = append(labels, d.Label)
		}
	}
	return "The document behind the metadata URL differs from the metadata that is stored: " + strings.Join(labels, ", ") + ". Nothing was changed by it. Compare it with the IdP, then modify the provider."
}

// ParseMetadataURL reads the URL of a metadata document: https, or http on this host. The sentence says what is wrong.
func ParseMetadataURL(raw string) (u *url.URL, sentence string) {
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case err != nil || u.Host == "" || u.Opaque != "" || (u.Scheme != "https" && u.Scheme != "http"):
		return nil, fmt.Sprintf("%s is not a URL; write https://host/path.", PrintableText(raw))
	case u.User != nil:
		return nil, "Write the URL without a user name and a password: the document is public."
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, "The document says who may sign users in: write https://, so that no one on the way can change it."
	case len(raw) > maxMetadataURL:
		return nil, fmt.Sprintf("The URL is longer than %d characters.", maxMetadataURL)
	}
	if _, err := netip.ParseAddr(u.Hostname()); err != nil && !isHostName(u.Hostname()) {
		return nil, fmt.Sprintf("%s is not the name of a host.", PrintableText(u.Hostname()))
	}
	u.Fragment, u.RawFragment = "", ""
	return u, ""
}

const maxMetadataURL = 2000

// End is when sign-ins end unless the metadata is renewed; zero: never.
func (m SAMLMetadata) End() time.Time {
	var end time.Time
	for _, c := range m.Certificates {
		if c.NotAfter.After(end) {
			end = c.NotAfter
		}
	}
	if !m.ValidUntil.IsZero() && (end.IsZero() || m.ValidUntil.Before(end)) {
		return m.ValidUntil
	}
	return end
}
