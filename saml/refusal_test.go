package saml_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"sallyport/saml"
	"sallyport/saml/samltest"
	"sallyport/vpn"
)

// refusal is an answer that is not accepted.
type refusal struct {
	name   string
	change func(t *testing.T, a *samltest.Answer) // of a good one
	form   func(t *testing.T) url.Values          // instead of change
	code   vpn.Code
	says   string // a part of the sentence for the administrator
}

// set sets an attribute of an element before the answer is signed; an empty value removes it.
func set(path, key, value string) func(*testing.T, *samltest.Answer) {
	return before(func(t *testing.T, r *etree.Element) {
		e := at(t, r, path)
		e.RemoveAttr(key)
		if value != "" {
			e.CreateAttr(key, value)
		}
	})
}

// before changes the answer before it is signed: by an IdP that is wrong.
func before(change func(*testing.T, *etree.Element)) func(*testing.T, *samltest.Answer) {
	return func(t *testing.T, a *samltest.Answer) { a.Change = func(r *etree.Element) { change(t, r) } }
}

// after changes it after it was signed: on its way.
func after(change func(*testing.T, *etree.Element)) func(*testing.T, *samltest.Answer) {
	return func(t *testing.T, a *samltest.Answer) { a.Tamper = func(r *etree.Element) { change(t, r) } }
}

func textual(change func(string) string) func(*testing.T, *samltest.Answer) {
	return func(_ *testing.T, a *samltest.Answer) { a.Text = change }
}

func replacing(old, by string) func(*testing.T, *samltest.Answer) {
	return textual(func(s string) string { return strings.Replace(s, old, by, 1) })
}

const data = "//SubjectConfirmationData"

var refusals = []refusal{
	{name: "unsigned", code: vpn.CodeSAMLUnsigned, change: func(_ *testing.T, a *samltest.Answer) { a.Sign = samltest.SignNothing }},
	{name: "wrong key", code: vpn.CodeSAMLSignerUnknown, says: "SHA-256", change: func(_ *testing.T, a *samltest.Answer) { a.SignedBy = world.forger }},
	{name: "wrong key under a known certificate", code: vpn.CodeSAMLSignatureInvalid, change: func(_ *testing.T, a *samltest.Answer) {
		forged := *world.forger
		forged.Certificate = world.idp.Certificate
		a.SignedBy = &forged
	}},
	{name: "wrong key without a certificate", code: vpn.CodeSAMLSignatureInvalid, change: func(t *testing.T, a *samltest.Answer) {
		a.SignedBy = world.forger
		a.Tamper = func(r *etree.Element) { remove(at(t, r, "//KeyInfo")) }
	}},
	{name: "tampered name", code: vpn.CodeSAMLSignatureInvalid, change: after(func(t *testing.T, r *etree.Element) { at(t, r, "//NameID").SetText("root@example.test") })},
	{name: "tampered group", code: vpn.CodeSAMLSignatureInvalid, change: after(func(t *testing.T, r *etree.Element) { at(t, r, "//AttributeValue").SetText("admins") })},
	{name: "tampered signed response", code: vpn.CodeSAMLSignatureInvalid, change: func(t *testing.T, a *samltest.Answer) {
		a.Sign = samltest.SignResponse
		a.Tamper = func(r *etree.Element) { at(t, r, "//NameID").SetText("root@example.test") }
	}},
	{name: "added group", code: vpn.CodeSAMLSignatureInvalid, change: after(func(t *testing.T, r *etree.Element) {
		at(t, r, "//Attribute").CreateElement("saml:AttributeValue").SetText("admins")
	})},
	{name: "wrong audience", code: vpn.CodeSAMLAudienceMismatch, says: "https://wiki.example.test; we are " + entityID, change: func(_ *testing.T, a *samltest.Answer) { a.Audience = "https://wiki.example.test" }},
	{name: "no audience", code: vpn.CodeSAMLAudienceMismatch, says: "sent the audience nothing", change: before(func(t *testing.T, r *etree.Element) { remove(at(t, r, "//AudienceRestriction")) })},
	{name: "two audience restrictions", code: vpn.CodeSAMLAudienceMismatch, change: before(func(t *testing.T, r *etree.Element) {
		e := at(t, r, "//AudienceRestriction")
		e.Parent().AddChild(e.Copy())
	})},
	{name: "wrong recipient", code: vpn.CodeSAMLRecipientMismatch, says: acsURL, change: set(data, "Recipient", "https://wiki.example.test/acs")},
	{name: "no recipient", code: vpn.CodeSAMLConfirmationMissing, change: set(data, "Recipient", "")},
	{name: "wrong destination", code: vpn.CodeSAMLDestinationMismatch, says: "made for https://wiki.example.test/acs", change: set(".", "Destination", "https://wiki.example.test/acs")},
	{name: "no destination of a signed response", code: vpn.CodeSAMLDestinationMismatch, change: func(t *testing.T, a *samltest.Answer) {
		a.Sign = samltest.SignResponse
		a.Change = func(r *etree.Element) { r.RemoveAttr("Destination") }
	}},
	{name: "another request", code: vpn.CodeSAMLRequestMismatch, change: func(_ *testing.T, a *samltest.Answer) { a.RequestID = "id-of-another" }},
	{name: "assertion for another request", code: vpn.CodeSAMLRequestMismatch, change: set(data, "InResponseTo", "id-of-another")},
	{name: "assertion for no request", code: vpn.CodeSAMLConfirmationMissing, change: set(data, "InResponseTo", "")},
	{name: "unsolicited", code: vpn.CodeSAMLUnsolicited, change: set(".", "InResponseTo", "")},
	{name: "expired", code: vpn.CodeSAMLExpired, says: "minutes", change: func(_ *testing.T, a *samltest.Answer) { a.At = time.Now().Add(-6 * time.Minute) }},
	{name: "expired conditions", code: vpn.CodeSAMLExpired, change: set("//Conditions", "NotOnOrAfter", stamp(-2*time.Minute))},
	{name: "expired confirmation", code: vpn.CodeSAMLExpired, change: set(data, "NotOnOrAfter", stamp(-2*time.Minute))},
	{name: "expired session", code: vpn.CodeSAMLExpired, change: set("//AuthnStatement", "SessionNotOnOrAfter", stamp(-2*time.Minute))},
	{name: "no end of the confirmation", code: vpn.CodeSAMLConfirmationMissing, change: set(data, "NotOnOrAfter", "")},
	{name: "no end of the conditions", code: vpn.CodeSAMLAnswerMalformed, change: set("//Conditions", "NotOnOrAfter", "")},
	{name: "no time", code: vpn.CodeSAMLAnswerMalformed, change: set("//Conditions", "NotOnOrAfter", "tomorrow")},
	{name: "not yet valid", code: vpn.CodeSAMLNotYetValid, says: "valid from", change: set("//Conditions", "NotBefore", stamp(2*time.Minute))},
	{name: "a clock that is ahead", code: vpn.CodeSAMLNotYetValid, says: "6 minutes ahead", change: func(_ *testing.T, a *samltest.Answer) { a.At = time.Now().Add(6*time.Minute + 5*time.Second) }},
	{name: "SHA-1", code: vpn.CodeSAMLAlgorithmRefused, says: "rsa-sha1", change: func(_ *testing.T, a *samltest.Answer) { a.Method = dsig.RSASHA1SignatureMethod }},
	{name: "SHA-1 digest", code: vpn.CodeSAMLAlgorithmRefused, says: "digest algorithm", change: after(func(t *testing.T, r *etree.Element) {
		at(t, r, "//DigestMethod").CreateAttr("Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1")
	})},
	{name: "HMAC", code: vpn.CodeSAMLAlgorithmRefused, change: after(func(t *testing.T, r *etree.Element) {
		at(t, r, "//SignatureMethod").CreateAttr("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
	})},
	{name: "XSLT transform", code: vpn.CodeSAMLAlgorithmRefused, change: after(func(t *testing.T, r *etree.Element) {
		at(t, r, "//Transform[2]").CreateAttr("Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116")
	})},
	{name: "inclusive canonicalization", code: vpn.CodeSAMLAlgorithmRefused, change: after(func(t *testing.T, r *etree.Element) {
		at(t, r, "//CanonicalizationMethod").CreateAttr("Algorithm", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315")
	})},
	{name: "no subject", code: vpn.CodeSAMLAnswerMalformed, says: "no Subject", change: before(func(t *testing.T, r *etree.Element) { remove(at(t, r, "//Subject")) })},
	{name: "no conditions", code: vpn.CodeSAMLAnswerMalformed, says: "no Conditions", change: before(func(t *testing.T, r *etree.Element) { remove(at(t, r, "//Conditions")) })},
	{name: "unknown condition", code: vpn.CodeSAMLAnswerMalformed, change: before(func(t *testing.T, r *etree.Element) { at(t, r, "//Conditions").CreateElement("saml:Condition") })},
	{name: "no authentication", code: vpn.CodeSAMLAnswerMalformed, says: "no AuthnStatement", change: before(func(t *testing.T, r *etree.Element) { remove(at(t, r, "//AuthnStatement")) })},
	{name: "no subject confirmation", code: vpn.CodeSAMLConfirmationMissing, change: before(func(t *testing.T, r *etree.Element) { remove(at(t, r, "//SubjectConfirmation")) })},
	{name: "no confirmation data", code: vpn.CodeSAMLConfirmationMissing, change: before(func(t *testing.T, r *etree.Element) { remove(at(t, r, data)) })},
	{name: "two subject confirmations", code: vpn.CodeSAMLConfirmationMissing, change: before(func(t *testing.T, r *etree.Element) {
		e := at(t, r, "//SubjectConfirmation")
		e.Parent().AddChild(e.Copy())
	})},
	{name: "holder-of-key", code: vpn.CodeSAMLConfirmationMethod, change: set("//SubjectConfirmation", "Method", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key")},
	{name: "two assertions", code: vpn.CodeSAMLAssertionCount, says: "more than one Assertion", change: before(func(t *testing.T, r *etree.Element) {
		second := at(t, r, "./Assertion").Copy()
		second.CreateAttr("ID", samltest.ID())
		r.AddChild(second)
	})},
	{name: "an assertion elsewhere", code: vpn.CodeSAMLAssertionCount, says: "stands inside an element Extensions", change: after(func(t *testing.T, r *etree.Element) {
		assertion := at(t, r, "./Assertion")
		remove(assertion)
		r.CreateElement("samlp:Extensions").AddChild(assertion)
	})},
	{name: "a response in the answer", code: vpn.CodeSAMLAssertionCount, says: "second Response", change: after(func(t *testing.T, r *etree.Element) {
		at(t, r, "//AttributeValue").CreateElement("samlp:Response")
	})},
	{name: "no assertion", code: vpn.CodeSAMLAssertionCount, says: "no Assertion", change: before(func(t *testing.T, r *etree.Element) { remove(at(t, r, "./Assertion")) })},
	{name: "encrypted assertion", code: vpn.CodeSAMLEncrypted, change: before(func(t *testing.T, r *etree.Element) {
		remove(at(t, r, "./Assertion"))
		r.CreateElement("saml:EncryptedAssertion")
	})},
	{name: "encrypted name", code: vpn.CodeSAMLEncrypted, change: before(func(t *testing.T, r *etree.Element) { at(t, r, "//Subject").CreateElement("saml:EncryptedID") })},
	{name: "encrypted attribute", code: vpn.CodeSAMLEncrypted, change: before(func(t *testing.T, r *etree.Element) {
		at(t, r, "//AttributeStatement").CreateElement("saml:EncryptedAttribute")
	})},
	{name: "comment in NameID", code: vpn.CodeSAMLMarkupRefused, says: "a comment", change: func(_ *testing.T, a *samltest.Answer) {
		a.NameID = "root@example.test.evil.test"
		a.Text = func(s string) string { return strings.Replace(s, "root@example.test.", "root@example.test<!---->.", 1) }
	}},
	{name: "comment added to NameID", code: vpn.CodeSAMLMarkupRefused, change: replacing("alice@example.test", "alice@example.test<!-- -->.evil.test")},
	{name: "CDATA in NameID", code: vpn.CodeSAMLMarkupRefused, change: replacing("alice@example.test", "<![CDATA[alice@example.test]]>")},
	{name: "foreign NameID beside the real one", code: vpn.CodeSAMLAnswerMalformed, says: "urn:evil", change: before(func(t *testing.T, r *etree.Element) {
		e := at(t, r, "//Subject").CreateElement("evil:NameID")
		e.CreateAttr("xmlns:evil", "urn:evil")
		e.SetText("root@example.test")
	})},
	{name: "foreign NameID alone", code: vpn.CodeSAMLAnswerMalformed, change: before(func(t *testing.T, r *etree.Element) {
		e := at(t, r, "//NameID")
		e.Space = "evil"
		e.CreateAttr("xmlns:evil", "urn:evil")
	})},
	{name: "two NameIDs", code: vpn.CodeSAMLNameIDMissing, change: before(func(t *testing.T, r *etree.Element) {
		at(t, r, "//Subject").CreateElement("saml:NameID").SetText("root@example.test")
	})},
	{name: "no NameID", code: vpn.CodeSAMLNameIDMissing, change: before(func(t *testing.T, r *etree.Element) { remove(at(t, r, "//NameID")) })},
	{name: "base ID", code: vpn.CodeSAMLAnswerMalformed, change: before(func(t *testing.T, r *etree.Element) { at(t, r, "//NameID").Tag = "BaseID" })},
	{name: "element in NameID", code: vpn.CodeSAMLAnswerMalformed, change: before(func(t *testing.T, r *etree.Element) { at(t, r, "//NameID").CreateElement("b") })},
	{name: "transient", code: vpn.CodeSAMLNameIDFormat, says: "transient", change: func(_ *testing.T, a *samltest.Answer) { a.Format = samltest.Transient }},
	{name: "another format", code: vpn.CodeSAMLNameIDFormat, says: "X509SubjectName", change: func(_ *testing.T, a *samltest.Answer) {
		a.Format = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"
	}},
	{name: "persistent name of another IdP", code: vpn.CodeSAMLNameIDFormat, change: func(t *testing.T, a *samltest.Answer) {
		a.Format = samltest.Persistent
		a.Change = func(r *etree.Element) { at(t, r, "//NameID").CreateAttr("NameQualifier", "https://other.example.test") }
	}},
	{name: "name of 256 characters", code: vpn.CodeSAMLNameIDInvalid, says: "256 characters", change: func(_ *testing.T, a *samltest.Answer) { a.NameID = strings.Repeat("é", 256) }},
	{name: "empty name", code: vpn.CodeSAMLNameIDInvalid, change: func(_ *testing.T, a *samltest.Answer) { a.NameID = " " }},
	{name: "name in two lines", code: vpn.CodeSAMLNameIDInvalid, change: func(_ *testing.T, a *samltest.Answer) { a.NameID = "alice\nroot" }},
	{name: "DTD", code: vpn.CodeSAMLMarkupRefused, says: "DTD", change: textual(func(s string) string { return `<!DOCTYPE r SYSTEM "http://evil.test/r.dtd">` + s })},
	{name: "entity bomb", code: vpn.CodeSAMLMarkupRefused, change: textual(bomb)},
	{name: "processing instruction", code: vpn.CodeSAMLMarkupRefused, change: replacing("<saml:Subject>", "<?php echo 1 ?><saml:Subject>")},
	{name: "129 KB", code: vpn.CodeSAMLAnswerTooLarge, says: "fewer groups", change: textual(func(s string) string { return s + strings.Repeat(" ", 129<<10-len(s)) })},
	{name: "5,000 empty elements", code: vpn.CodeSAMLAnswerTooComplex, change: after(func(_ *testing.T, r *etree.Element) {
		for range 5000 {
			r.CreateElement("a")
		}
	})},
	{name: "5,000 empty elements in a response that only claims a signature", code: vpn.CodeSAMLAnswerTooComplex, form: func(*testing.T) url.Values {
		return form([]byte(`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>` + strings.Repeat("<a/>", 5000) + `</samlp:Response>`))
	}},
	{name: "1,200 empty elements in a response that only claims a signature", code: vpn.CodeSAMLAnswerMalformed, form: func(*testing.T) url.Values {
		return form([]byte(`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>` + strings.Repeat("<a/>", 1200) + `</samlp:Response>`))
	}},
	{name: "deep nesting", code: vpn.CodeSAMLAnswerTooComplex, change: after(func(t *testing.T, r *etree.Element) {
		e := at(t, r, "//AttributeValue")
		for range 30 {
			e = e.CreateElement("a")
		}
	})},
	{name: "depth of a thousand", code: vpn.CodeSAMLAnswerMalformed, form: func(*testing.T) url.Values {
		return form([]byte(strings.Repeat("<a>", 1000) + strings.Repeat("</a>", 1000)))
	}},
	{name: "many namespaces", code: vpn.CodeSAMLAnswerTooComplex, change: after(func(t *testing.T, r *etree.Element) {
		for i := range 300 {
			r.CreateAttr("xmlns:n"+string(rune('a'+i%26))+strings.Repeat("x", i/26), "u")
		}
	})},
	{name: "the same attribute twice", code: vpn.CodeSAMLAnswerMalformed, change: replacing("<saml:Conditions ", `<saml:Conditions NotBefore="2000-01-01T00:00:00Z" `)},
	{name: "the same ID twice", code: vpn.CodeSAMLSignatureMisplaced, change: after(func(t *testing.T, r *etree.Element) {
		at(t, r, "//AuthnStatement").CreateAttr("ID", at(t, r, "./Assertion").SelectAttrValue("ID", ""))
	})},
	{name: "an ID of another namespace", code: vpn.CodeSAMLAnswerMalformed, change: after(func(t *testing.T, r *etree.Element) {
		e := at(t, r, "./Assertion")
		e.CreateAttr("xmlns:evil", "urn:evil")
		e.CreateAttr("evil:ID", "x")
	})},
	{name: "a reference to the whole document", code: vpn.CodeSAMLSignatureMisplaced, change: after(func(t *testing.T, r *etree.Element) { at(t, r, "//Reference").CreateAttr("URI", "") })},
	{name: "two references", code: vpn.CodeSAMLSignatureMisplaced, change: after(func(t *testing.T, r *etree.Element) {
		e := at(t, r, "//Reference")
		e.Parent().AddChild(e.Copy())
	})},
	{name: "an object in the signature", code: vpn.CodeSAMLAnswerMalformed, change: after(func(t *testing.T, r *etree.Element) { at(t, r, "//Signature").CreateElement("ds:Object") })},
	{name: "a signature elsewhere", code: vpn.CodeSAMLSignatureMisplaced, change: after(func(t *testing.T, r *etree.Element) {
		at(t, r, "//AttributeValue").AddChild(at(t, r, "//Signature").Copy())
	})},
	{name: "artifact", code: vpn.CodeSAMLArtifactRefused, form: func(t *testing.T) url.Values {
		f := world.idp.Form(good())
		f.Set("SAMLart", "AAQAAMh48/1oXIM+sDo7Dh2qMp1HM4IF5DaRNmDj6RdUmllwn9jJHyEgIi8=")
		return f
	}},
	{name: "no answer", code: vpn.CodeSAMLAnswerMalformed, form: func(*testing.T) url.Values { return url.Values{} }},
	{name: "two answers", code: vpn.CodeSAMLAnswerMalformed, form: func(*testing.T) url.Values {
		f := world.idp.Form(good())
		f.Add("SAMLResponse", f.Get("SAMLResponse"))
		return f
	}},
	{name: "no base64", code: vpn.CodeSAMLAnswerMalformed, form: func(*testing.T) url.Values { return url.Values{"SAMLResponse": {"<Response/>"}} }},
	{name: "no XML", code: vpn.CodeSAMLAnswerMalformed, form: func(*testing.T) url.Values { return form([]byte("hello")) }},
	{name: "UTF-16", code: vpn.CodeSAMLAnswerMalformed, form: func(*testing.T) url.Values {
		return url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString([]byte("\xff\xfe<\x00a\x00/\x00>\x00"))}}
	}},
	{name: "two documents", code: vpn.CodeSAMLAnswerMalformed, change: textual(func(s string) string { return s + s })},
	{name: "another element", code: vpn.CodeSAMLAnswerMalformed, change: before(func(_ *testing.T, r *etree.Element) { r.Tag = "LogoutResponse" })},
	{name: "another version", code: vpn.CodeSAMLAnswerMalformed, change: set(".", "Version", "1.1")},
	{name: "cross-provider", code: vpn.CodeSAMLIssuerMismatch, says: "https://other.example.test/metadata", form: func(*testing.T) url.Values { return world.other.Form(good()) }},
	{name: "cross-provider with the entity ID of ours", code: vpn.CodeSAMLSignerUnknown, form: func(*testing.T) url.Values {
		p := *world.other
		p.EntityID = idpID
		return p.Form(good())
	}},
	{name: "refused by the IdP", code: vpn.CodeSAMLStatusRefused, says: "Responder, AuthnFailed: not assigned", change: before(func(t *testing.T, r *etree.Element) {
		remove(at(t, r, "./Assertion"))
		status := at(t, r, "./Status")
		code := at(t, r, "./Status/StatusCode")
		code.CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")
		code.CreateElement("samlp:StatusCode").CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed")
		status.CreateElement("samlp:StatusMessage").SetText("not assigned")
	})},
}

// bomb is a document with entities that grow to 10^9 characters.
func bomb(string) string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE r [<!ENTITY a0 "a">`)
	for i, c := range "123456789" {
		b.WriteString(`<!ENTITY a` + string(c) + ` "` + strings.Repeat("&a"+string(rune('0'+i))+";", 10) + `">`)
	}
	b.WriteString(`]><samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">&a9;</samlp:Response>`)
	return b.String()
}

func remove(e *etree.Element) { e.Parent().RemoveChild(e) }

func (r refusal) made(t *testing.T) url.Values {
	t.Helper()
	if r.form != nil {
		return r.form(t)
	}
	a := good()
	r.change(t, &a)
	return world.idp.Form(a)
}

func TestRefusalsHaveTheirCode(t *testing.T) {
	t.Parallel()
	p := sp(t)
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			got, err := p.Accept(r.made(t), expected)
			refused(t, got, err, r.code, r.says)
		})
	}
}

// refused checks that an answer was refused with a code and proves nothing.
func refused(t *testing.T, got vpn.SAMLAnswer, err error, code vpn.Code, says string) {
	t.Helper()
	if vpn.CodeOf(err) != code || vpn.KindOf(err) != vpn.Denied || !strings.Contains(err.Error(), says) {
		t.Errorf("got %s (%v), want %s with %q", vpn.CodeOf(err), err, code, says)
	}
	if got.User.Key != "" || got.AssertionID != "" || got.Seen.ReceivedAt.IsZero() {
		t.Errorf("%+v", got)
	}
}

func TestAnExpiredCertificateIsRefused(t *testing.T) {
	t.Parallel()
	idp(t)
	old := *world.idp
	old.Renew(t, time.Now().AddDate(-2, 0, 0), time.Now().AddDate(0, 0, -1))
	got, err := provider(t, &old, nil).Accept(old.Form(good()), expected)
	refused(t, got, err, vpn.CodeSAMLSignerExpired, "expired on")
	young := *world.idp
	young.Renew(t, time.Now().AddDate(0, 0, 1), time.Now().AddDate(1, 0, 0))
	got, err = provider(t, &young, nil).Accept(young.Form(good()), expected)
	refused(t, got, err, vpn.CodeSAMLSignerExpired, "valid from")
	if got.Seen.Signer.Fingerprint == "" || !got.Seen.SignerKnown {
		t.Errorf("%+v", got.Seen)
	}
}

func TestEndedMetadataIsRefused(t *testing.T) {
	t.Parallel()
	p := provider(t, idp(t), func(c *saml.Config) {
		c.Metadata = []byte(strings.Replace(string(c.Metadata), "entityID=", `validUntil="`+stamp(-time.Hour)+`" entityID=`, 1))
	})
	got, err := p.Accept(world.idp.Form(good()), expected)
	refused(t, got, err, vpn.CodeSAMLMetadataExpired, "ended on")
}
