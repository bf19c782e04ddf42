package samltest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// Signing is what of an answer is signed.
type Signing int

// The ways.
const (
	SignAssertion Signing = iota
	SignResponse
	SignBoth
	SignNothing
)

// Formats of a NameID.
const (
	Email       = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
	Persistent  = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	Unspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
	Transient   = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
)

// Answer is an answer to make: of a user, for a service. The zero values of the others make a good one.
type Answer struct {
	RequestID string
	ACSURL    string
	Audience  string // the entity ID of the service
	NameID    string
	Format    string // empty: Email
	Groups    []string
	// GroupAttribute names the attribute of the groups; empty: memberOf.
	GroupAttribute string
	Attributes     map[string][]string
	At             time.Time // when it is made; zero: now
	Sign           Signing
	Method         string // of the signature; empty: rsa-sha256
	SignedBy       *IDP   // nil: the IdP itself
	// Change is applied to the Response before it is signed, Tamper after it. Text is applied to the document's text at last.
	Change, Tamper func(response *etree.Element)
	Text           func(document string) string
}

// ID is a new ID of an XML element.
func ID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return "_" + hex.EncodeToString(b[:])
}

// Form is the form that a browser posts with the answer.
func (p *IDP) Form(a Answer) url.Values {
	return url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString(p.Document(a))}}
}

// Document is the XML of the answer.
func (p *IDP) Document(a Answer) []byte {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(p.unsigned(a)); err != nil {
		panic(err) // a text that is no XML: a fault of the test
	}
	response := doc.Root()
	if a.Change != nil {
		a.Change(response)
	}
	by := p
	if a.SignedBy != nil {
		by = a.SignedBy
	}
	if assertion := response.SelectElement("saml:Assertion"); assertion != nil && (a.Sign == SignAssertion || a.Sign == SignBoth) {
		by.sign(assertion, a.Method)
	}
	if a.Sign == SignResponse || a.Sign == SignBoth {
		by.sign(response, a.Method)
	}
	if a.Tamper != nil {
		a.Tamper(response)
	}
	out, err := doc.WriteToString()
	if err != nil {
		panic(err)
	}
	if a.Text != nil {
		out = a.Text(out)
	}
	return []byte(out)
}

// sign puts a signature into an element, behind its Issuer.
func (p *IDP) sign(e *etree.Element, method string) {
	ctx, err := dsig.NewSigningContext(p.Key, [][]byte{p.Certificate.Raw})
	if err != nil {
		panic(err)
	}
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if method == "" {
		method = dsig.RSASHA256SignatureMethod
	}
	if err := ctx.SetSignatureMethod(method); err != nil {
		panic(err)
	}
	signature, err := ctx.ConstructSignature(e, true)
	if err != nil {
		panic(err)
	}
	e.InsertChildAt(1, signature)
}

// unsigned is the XML before it is signed.
func (p *IDP) unsigned(a Answer) string {
	at := a.At
	if at.IsZero() {
		at = p.now()
	}
	stamp := func(d time.Duration) string { return at.Add(d).UTC().Format("2006-01-02T15:04:05.000Z") }
	format := a.Format
	if format == "" {
		format = Email
	}
	return fmt.Sprintf(`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="%[1]s" Version="2.0" IssueInstant="%[2]s" Destination="%[3]s" InResponseTo="%[4]s">`+
		`<saml:Issuer>%[5]s</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>`+
		`<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="%[6]s" Version="2.0" IssueInstant="%[2]s"><saml:Issuer>%[5]s</saml:Issuer>`+
		`<saml:Subject><saml:NameID Format="%[7]s">%[8]s</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">`+
		`<saml:SubjectConfirmationData InResponseTo="%[4]s" NotOnOrAfter="%[9]s" Recipient="%[3]s"/></saml:SubjectConfirmation></saml:Subject>`+
		`<saml:Conditions NotBefore="%[10]s" NotOnOrAfter="%[9]s"><saml:AudienceRestriction><saml:Audience>%[11]s</saml:Audience></saml:AudienceRestriction></saml:Conditions>`+
		`<saml:AuthnStatement AuthnInstant="%[2]s" SessionIndex="%[6]s"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>%[12]s</saml:Assertion></samlp:Response>`,
		ID(), stamp(0), escape(a.ACSURL), escape(a.RequestID), escape(p.EntityID), ID(), escape(format), escape(a.NameID), stamp(5*time.Minute), stamp(-time.Minute), escape(a.Audience), a.statement())
}

// statement is the XML of the attributes.
func (a Answer) statement() string {
	attributes := maps.Clone(a.Attributes)
	if len(a.Groups) > 0 {
		if attributes == nil {
			attributes = map[string][]string{}
		}
		name := a.GroupAttribute
		if name == "" {
			name = "memberOf"
		}
		attributes[name] = a.Groups
	}
	if len(attributes) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("<saml:AttributeStatement>")
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		fmt.Fprintf(&b, `<saml:Attribute Name="%s" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">`, escape(name))
		for _, value := range attributes[name] {
			fmt.Fprintf(&b, `<saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">%s</saml:AttributeValue>`, escape(value))
		}
		b.WriteString("</saml:Attribute>")
	}
	b.WriteString("</saml:AttributeStatement>")
	return b.String()
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
