package vpn

import (
	"fmt"
	"time"
)

// Limits of the answers of SAML identity providers, in bytes.
const (
	MaxSAMLAnswer = 128 << 10 // of the XML document
	// MaxSAMLForm is of the form that carries an answer: its base64, escaped, in lines. A form of a somewhat larger answer
	// fits too, so that what is wrong with it can be said.
	MaxSAMLForm = 200 << 10
)

// SAMLAnswerTooLarge is the refusal of an answer, or of the form that carries it, for its size in bytes.
func SAMLAnswerTooLarge(size int64) *Error {
	return Refuse(Denied, CodeSAMLAnswerTooLarge, fmt.Sprintf("The answer of the identity provider has %d KB; at most %d KB are read. Send fewer groups: have the IdP filter the group attribute to those that this VPN uses.",
		(size+1023)>>10, MaxSAMLAnswer>>10))
}

// SAMLExpect is what an answer of an IdP is an answer to.
type SAMLExpect struct {
	RequestID string // of the one request that it may answer
}

// SAMLAnswer is what an IdP's answer to a request proves.
type SAMLAnswer struct {
	User ProviderUser // zero where the answer is refused
	// AssertionID is used once: the provider's answers with an ID that was seen before are refused.
	AssertionID string
	// NotOnOrAfter is when every answer with this AssertionID is refused in any case, so that it can be forgotten.
	NotOnOrAfter time.Time
	// SessionEnds is when the IdP wants a session that the answer begins to end (SessionNotOnOrAfter); zero: it does not say.
	SessionEnds time.Time
	// Seen is filled as far as the answer could be read, of one that is refused too.
	Seen SAMLTrace
}

// SAMLTrace is what an answer said, for the administrator who tests a sign-in. Nothing in it is proved where the answer
// is refused.
type SAMLTrace struct {
	ReceivedAt time.Time
	Size       int // of the XML document, in bytes
	// Compared lists what an answer has to say and what it said, in the order in which it is checked.
	Compared []SAMLComparison
	// Signed names what carries a signature: "Response", "Assertion".
	Signed []string
	// Signer is the certificate that the answer names as the signer's; zero: it names none.
	Signer SAMLCertificate
	// SignerKnown tells that the metadata of the IdP has it.
	SignerKnown bool
	// Issued is when the IdP says that it made the answer, by its own clock; zero: not known.
	Issued       time.Time
	NameID       string
	NameIDFormat string
	Attributes   []SAMLAttribute
	// Notes are sentences on what was left out: groups that do not count.
	Notes []string
}

// ClockDifference is how far the clock of the IdP is ahead of ours; negative: behind. It includes the way of the answer
// through the browser. Zero where it is not known.
func (t SAMLTrace) ClockDifference() time.Duration {
	if t.Issued.IsZero() {
		return 0
	}
	return t.Issued.Sub(t.ReceivedAt)
}

// SAMLComparison is one thing that an answer has to say.
type SAMLComparison struct {
	What     string
	Expected string
	Seen     string // empty: the answer does not say it
	Match    bool
}

// SAMLAttribute is an attribute of an answer.
type SAMLAttribute struct {
	Name         string
	FriendlyName string
	Values       []string
	// Use is what is made of it: "groups", "e-mail address", "name"; empty: nothing.
	Use string
}
