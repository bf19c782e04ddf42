package saml

import (
	"slices"

	"github.com/beevik/etree"

	"sallyport/vpn"
)

// message is an answer whose elements stand where they belong: one Response with one Assertion.
type message struct {
	response, assertion                   *etree.Element
	responseSignature, assertionSignature *etree.Element // nil: not signed
}

// part is a child that an element may have.
type part struct {
	namespace, tag string
	least, most    int
}

const many = 1 << 20

// places are the children of the elements that are read. Below other elements (Advice, AuthnContext, AttributeValue,
// Extensions) anything may stand but what vetTree refuses everywhere.
var (
	inResponse = []part{
		{nsAssertion, "Issuer", 0, 1}, {nsSignature, "Signature", 0, 1}, {nsProtocol, "Extensions", 0, 1}, {nsProtocol, "Status", 1, 1},
		{nsAssertion, "Assertion", 0, many}, {nsAssertion, "EncryptedAssertion", 0, many},
	}
	inAssertion = []part{
		{nsAssertion, "Issuer", 1, 1}, {nsSignature, "Signature", 0, 1}, {nsAssertion, "Subject", 1, 1}, {nsAssertion, "Conditions", 1, 1},
		{nsAssertion, "Advice", 0, 1}, {nsAssertion, "AuthnStatement", 1, many}, {nsAssertion, "AttributeStatement", 0, many},
	}
	inConditions = []part{{nsAssertion, "AudienceRestriction", 0, many}, {nsAssertion, "OneTimeUse", 0, 1}, {nsAssertion, "ProxyRestriction", 0, 1}}
	inAttributes = []part{{nsAssertion, "Attribute", 0, many}}
	inAttribute  = []part{{nsAssertion, "AttributeValue", 0, many}}
)

// vet checks the children of an element: each is one of the parts, as often as it may be.
func vet(parent *etree.Element, parts []part) error {
	count := make([]int, len(parts))
	for _, e := range parent.ChildElements() {
		i := slices.IndexFunc(parts, func(p part) bool { return is(e, p.namespace, p.tag) })
		if i < 0 {
			return misshapen("its %s has an element %s of the namespace %s, which does not belong there.", name(parent), name(e), shown(e.NamespaceURI()))
		}
		count[i]++
	}
	for i, p := range parts {
		switch {
		case count[i] < p.least:
			return misshapen("its %s has no %s.", name(parent), p.tag)
		case count[i] > p.most:
			return misshapen("its %s has %d elements %s; one is possible.", name(parent), count[i], p.tag)
		}
	}
	return nil
}

// structure checks the places of all elements of an answer. It says nothing of what they hold.
func structure(root *etree.Element) (message, error) {
	if !is(root, nsProtocol, "Response") {
		return message{}, misshapen("it is no SAML 2.0 Response but %s of the namespace %s.", name(root), shown(root.NamespaceURI()))
	}
	m := message{response: root}
	if err := m.vetTree(root); err != nil {
		return m, err
	}
	if err := vet(root, inResponse); err != nil {
		return m, err
	}
	m.responseSignature, m.assertion = child(root, nsSignature, "Signature"), child(root, nsAssertion, "Assertion")
	if m.assertion == nil { // whether one is needed says the status
		return m, nil
	}
	m.assertionSignature = child(m.assertion, nsSignature, "Signature")
	return m, nil
}

// vetTree refuses what stands nowhere in an answer: encrypted parts, a second Response, an Assertion or a Signature at
// another place than its own (the published ways to wrap a signed element into another answer need one), and IDs that a
// signature could mean twice.
func (m *message) vetTree(root *etree.Element) error {
	ids := map[string]bool{}
	assertions := 0
	var walk func(e *etree.Element, depth int) error
	walk = func(e *etree.Element, depth int) error {
		if depth > maxDepth || len(e.Attr) > maxAttributes {
			return refuse(vpn.CodeSAMLAnswerTooComplex, "The answer of the identity provider is nested deeper than %d levels, or an element has more than %d attributes: no IdP writes such answers.", maxDepth, maxAttributes)
		}
		if err := vetAttributes(e, ids); err != nil {
			return err
		}
		parent := e.Parent()
		switch namespace := e.NamespaceURI(); {
		case namespace == nsAssertion && slices.Contains([]string{"EncryptedAssertion", "EncryptedID", "EncryptedAttribute"}, e.Tag):
			return refuse(vpn.CodeSAMLEncrypted, "The identity provider sent an element %s: encrypted answers are not read. Switch the encryption of assertions off for this service; the answer crosses the network inside TLS.", name(e))
		case namespace == nsProtocol && e.Tag == "Response" && e != root:
			return refuse(vpn.CodeSAMLAssertionCount, "The answer of the identity provider has a second Response inside its %s.", name(parent))
		case namespace == nsAssertion && e.Tag == "Assertion":
			if assertions++; assertions > 1 {
				return refuse(vpn.CodeSAMLAssertionCount, "The answer of the identity provider has more than one Assertion; exactly one is read.")
			}
			if parent != root {
				return refuse(vpn.CodeSAMLAssertionCount, "The Assertion of the answer stands inside an element %s and not in the Response.", name(parent))
			}
		case namespace == nsSignature && e.Tag == "Signature" && parent != root && (parent == nil || !is(parent, nsAssertion, "Assertion")):
			return refuse(vpn.CodeSAMLSignatureMisplaced, "A Signature of the answer stands inside an element %s: it covers nothing that is read.", name(parent))
		}
		for _, inner := range e.ChildElements() {
			if err := walk(inner, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(root, 1)
}

// vetAttributes refuses attributes that parsers read differently, and an ID that the document has already.
func vetAttributes(e *etree.Element, ids map[string]bool) error {
	for i, a := range e.Attr {
		for _, other := range e.Attr[:i] {
			if other.Space == a.Space && other.Key == a.Key {
				return misshapen("an element %s has the attribute %s twice.", name(e), shown(a.FullKey()))
			}
		}
		if a.Key != "ID" || a.Space == "xmlns" {
			continue
		}
		if a.Space != "" {
			return misshapen("an element %s has an ID of another namespace.", name(e))
		}
		if ids[a.Value] {
			return refuse(vpn.CodeSAMLSignatureMisplaced, "Two elements of the answer have the ID %s: a signature would cover either.", shown(a.Value))
		}
		ids[a.Value] = true
	}
	return nil
}

// vetAssertion checks the places of all that is read of the assertion but its subject.
func vetAssertion(a *etree.Element) error {
	if err := vet(a, inAssertion); err != nil {
		return err
	}
	if err := vet(child(a, nsAssertion, "Conditions"), inConditions); err != nil {
		return err
	}
	for _, statement := range children(a, nsAssertion, "AttributeStatement") {
		if err := vet(statement, inAttributes); err != nil {
			return err
		}
		for _, attr := range statement.ChildElements() {
			if err := vet(attr, inAttribute); err != nil {
				return err
			}
		}
	}
	return nil
}
