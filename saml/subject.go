package saml

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"

	"sallyport/vpn"
)

// MaxNameID bounds a NameID, in characters (guide, "Client VPN quotas"). A longer one is refused and never cut: two users
// could become one.
const MaxNameID = 255

// nameID is who the assertion is about.
type nameID struct{ value, format string }

// key is what tells users apart: the text, whatever its format, so that an IdP that changes the format goes on to mean the
// same user. An e-mail address counts without its case, as directories take it: one that a person typed in another
// case must not be another user, whom a block of the first does not stop. Other names may be codes in which the case counts.
// Letters beyond ASCII keep theirs: some have a twin among the others.
func (id nameID) key() string {
	if !strings.Contains(id.value, "@") {
		return id.value
	}
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, id.value)
}

// subject finds the user of an assertion.
func (sp *ServiceProvider) subject(assertion *etree.Element, trace *vpn.SAMLTrace) (nameID, error) {
	subject := child(assertion, nsAssertion, "Subject")
	var names []*etree.Element
	for _, e := range subject.ChildElements() {
		switch {
		case is(e, nsAssertion, "NameID"):
			names = append(names, e)
		case is(e, nsAssertion, "SubjectConfirmation"):
		default:
			return nameID{}, misshapen("its Subject has an element %s of the namespace %s, which does not belong there.", name(e), shown(e.NamespaceURI()))
		}
	}
	if len(names) != 1 {
		return nameID{}, refuse(vpn.CodeSAMLNameIDMissing, "The Subject of the answer has %d elements NameID; exactly one names the user. Have the IdP send a NameID, for example the e-mail address.", len(names))
	}
	e := names[0]
	id := nameID{text(e), attribute(e, "Format")}
	trace.NameID, trace.NameIDFormat = clip(id.value), clip(id.format)
	if len(e.ChildElements()) > 0 {
		return id, misshapen("its NameID has elements.")
	}
	if err := id.check(); err != nil {
		return id, err
	}
	return id, sp.qualifiers(e, id)
}

// check judges the format and the text of a NameID.
func (id nameID) check() error {
	switch crewjam.NameIDFormat(id.format) {
	case "", crewjam.UnspecifiedNameIDFormat, crewjam.EmailAddressNameIDFormat, crewjam.PersistentNameIDFormat, "urn:oasis:names:tc:SAML:2.0:nameid-format:unspecified":
	case crewjam.TransientNameIDFormat:
		return refuse(vpn.CodeSAMLNameIDFormat, "The IdP sent a transient NameID, which is another one at each sign-in and names no user. Have it send the format emailAddress, persistent or unspecified.")
	default:
		return refuse(vpn.CodeSAMLNameIDFormat, "The IdP sent a NameID of the format %s. Have it send the format emailAddress, persistent or unspecified.", shown(id.format))
	}
	switch n := utf8.RuneCountInString(id.value); {
	case n == 0:
		return refuse(vpn.CodeSAMLNameIDInvalid, "The NameID of the answer is empty.")
	case n > MaxNameID:
		return refuse(vpn.CodeSAMLNameIDInvalid, "The NameID of the answer has %d characters; at most %d are possible.", n, MaxNameID)
	case strings.ContainsFunc(id.value, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }):
		return refuse(vpn.CodeSAMLNameIDInvalid, "The NameID of the answer has characters that are not printable: %s.", shown(id.value))
	}
	return nil
}

// qualifiers refuses a persistent NameID of another name space: the same text could be another user there.
func (sp *ServiceProvider) qualifiers(e *etree.Element, id nameID) error {
	if crewjam.NameIDFormat(id.format) != crewjam.PersistentNameIDFormat {
		return nil
	}
	if seen := attribute(e, "NameQualifier"); seen != "" && seen != sp.idp.EntityID {
		return refuse(vpn.CodeSAMLNameIDFormat, "The persistent NameID is one of the IdP %s and not of %s.", shown(seen), shown(sp.idp.EntityID))
	}
	if seen := attribute(e, "SPNameQualifier"); seen != "" && seen != sp.entityID {
		return refuse(vpn.CodeSAMLNameIDFormat, "The persistent NameID is one for the service %s and not for %s.", shown(seen), sp.entityID)
	}
	return nil
}

const browserMethod = "urn:oasis:names:tc:SAML:2.0:cm:bearer"

// confirmation checks who may present the assertion: the browser that has it, here, in answer to our request, now.
func (sp *ServiceProvider) confirmation(assertion *etree.Element, expect vpn.SAMLExpect, trace *vpn.SAMLTrace, now time.Time) error {
	confirmations := children(child(assertion, nsAssertion, "Subject"), nsAssertion, "SubjectConfirmation")
	if len(confirmations) != 1 {
		return refuse(vpn.CodeSAMLConfirmationMissing, "The Subject of the answer has %d elements SubjectConfirmation; exactly one, with the method bearer, is accepted.", len(confirmations))
	}
	method := attribute(confirmations[0], "Method")
	compare(trace, "Method of the SubjectConfirmation", browserMethod, method, method == browserMethod)
	if method != browserMethod {
		return refuse(vpn.CodeSAMLConfirmationMethod, "The SubjectConfirmation of the answer has the method %s; browsers can present bearer assertions alone.", shown(method))
	}
	data := child(confirmations[0], nsAssertion, "SubjectConfirmationData")
	if data == nil || len(confirmations[0].ChildElements()) != 1 {
		return refuse(vpn.CodeSAMLConfirmationMissing, "The SubjectConfirmation of the answer has not exactly one element, SubjectConfirmationData.")
	}
	for _, key := range []string{"Recipient", "NotOnOrAfter", "InResponseTo"} {
		if attribute(data, key) == "" {
			return refuse(vpn.CodeSAMLConfirmationMissing, "The SubjectConfirmationData of the answer has no %s.", key)
		}
	}
	seen := attribute(data, "Recipient")
	compare(trace, "Recipient", sp.acsURL, seen, seen == sp.acsURL)
	if seen != sp.acsURL {
		return refuse(vpn.CodeSAMLRecipientMismatch, "The assertion was made for delivery to %s; the ACS URL of this provider is %s. Correct the ACS URL (reply URL, single sign-on URL) at the IdP, or public_url here.", shown(seen), sp.acsURL)
	}
	if err := sp.inResponseTo(data, expect, trace); err != nil {
		return err
	}
	return window(data, trace, now)
}
