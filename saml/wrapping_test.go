package saml_test

import (
	"testing"

	"github.com/beevik/etree"

	"sallyport/saml/samltest"
	"sallyport/vpn"
)

// The published ways to wrap a signed element into another answer (Somorovsky and others, "On Breaking SAML", 2012): the
// signature stays right, and a program that looks for the first assertion finds the forged one.
var wrappings = []struct {
	name string
	sign samltest.Signing
	wrap func(t *testing.T, r *etree.Element)
}{
	{"XSW1", samltest.SignResponse, func(t *testing.T, r *etree.Element) { // the original response in the signature of a forged one
		original := withoutSignature(t, r)
		forge(t, r)
		at(t, r, "./Signature").AddChild(original)
	}},
	{"XSW2", samltest.SignResponse, func(t *testing.T, r *etree.Element) { // beside the signature
		original := withoutSignature(t, r)
		forge(t, r)
		r.InsertChildAt(at(t, r, "./Signature").Index(), original)
	}},
	{"XSW3", samltest.SignAssertion, func(t *testing.T, r *etree.Element) { // the forged assertion before the original
		original := at(t, r, "./Assertion")
		r.InsertChildAt(original.Index(), forge(t, withoutSignature(t, original)))
	}},
	{"XSW4", samltest.SignAssertion, func(t *testing.T, r *etree.Element) { // around it
		original := at(t, r, "./Assertion")
		forged := forge(t, withoutSignature(t, original))
		r.RemoveChild(original)
		r.AddChild(forged)
		forged.AddChild(original)
	}},
	{"XSW5", samltest.SignAssertion, func(t *testing.T, r *etree.Element) { // the forged one has the signature, the original follows
		a := at(t, r, "./Assertion")
		original := withoutSignature(t, a)
		forge(t, a)
		r.AddChild(original)
	}},
	{"XSW6", samltest.SignAssertion, func(t *testing.T, r *etree.Element) { // the original in that signature
		a := at(t, r, "./Assertion")
		original := withoutSignature(t, a)
		forge(t, a)
		at(t, a, "./Signature").AddChild(original)
	}},
	{"XSW7", samltest.SignAssertion, func(t *testing.T, r *etree.Element) { // the forged one in Extensions
		original := at(t, r, "./Assertion")
		extensions := etree.NewElement("samlp:Extensions")
		extensions.AddChild(forge(t, withoutSignature(t, original)))
		r.InsertChildAt(original.Index(), extensions)
	}},
	{"XSW8", samltest.SignAssertion, func(t *testing.T, r *etree.Element) { // the original in an Object of the signature
		a := at(t, r, "./Assertion")
		original := withoutSignature(t, a)
		forge(t, a)
		at(t, a, "./Signature").CreateElement("ds:Object").AddChild(original)
	}},
}

// withoutSignature is a copy of a signed element, as the signature covers it.
func withoutSignature(t *testing.T, e *etree.Element) *etree.Element {
	t.Helper()
	out := e.Copy()
	out.RemoveChild(at(t, out, "./Signature"))
	return out
}

// forge makes an element name another user, under another ID.
func forge(t *testing.T, e *etree.Element) *etree.Element {
	t.Helper()
	e.CreateAttr("ID", samltest.ID())
	at(t, e, ".//NameID").SetText("root@example.test")
	return e
}

func TestWrappedAnswersAreRefused(t *testing.T) {
	t.Parallel()
	for _, w := range wrappings {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			a := good()
			a.Sign = w.sign
			a.Tamper = func(r *etree.Element) { w.wrap(t, r) }
			got, err := accept(t, a)
			refused(t, got, err, vpn.CodeSAMLAssertionCount, "")
		})
	}
}
