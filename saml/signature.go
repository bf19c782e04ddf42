package saml

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"

	"sallyport/vpn"
)

// The algorithms of signatures that are accepted. SHA-1 is not among them.
var (
	signatureMethods = []string{
		dsig.RSASHA256SignatureMethod, dsig.RSASHA384SignatureMethod, dsig.RSASHA512SignatureMethod,
		dsig.ECDSASHA256SignatureMethod, dsig.ECDSASHA384SignatureMethod, dsig.ECDSASHA512SignatureMethod,
	}
	digestMethods = []string{
		"http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2001/04/xmlenc#sha512",
	}
	canonicalizations = []string{
		string(dsig.CanonicalXML10ExclusiveAlgorithmId), string(dsig.CanonicalXML10ExclusiveWithCommentsAlgorithmId),
	}
)

// places of a Signature's elements.
var (
	inSignature  = []part{{nsSignature, "SignedInfo", 1, 1}, {nsSignature, "SignatureValue", 1, 1}, {nsSignature, "KeyInfo", 0, 1}}
	inSignedInfo = []part{{nsSignature, "CanonicalizationMethod", 1, 1}, {nsSignature, "SignatureMethod", 1, 1}, {nsSignature, "Reference", 1, many}}
	inReference  = []part{{nsSignature, "Transforms", 1, 1}, {nsSignature, "DigestMethod", 1, 1}, {nsSignature, "DigestValue", 1, 1}}
	inTransforms = []part{{nsSignature, "Transform", 1, 2}}
)

// signatures checks all that stands in the signatures of an answer before they are verified: each covers exactly the element
// it stands in, by an algorithm that is accepted, and at least one covers the assertion.
func (m message) signatures() error {
	if m.responseSignature == nil && m.assertionSignature == nil {
		return refuse(vpn.CodeSAMLUnsigned, "Neither the Response nor the Assertion of the identity provider is signed. Have the IdP sign one of them.")
	}
	for _, s := range []struct{ signed, signature *etree.Element }{{m.response, m.responseSignature}, {m.assertion, m.assertionSignature}} {
		if s.signature == nil {
			continue
		}
		if err := vetSignature(s.signed, s.signature); err != nil {
			return err
		}
	}
	return nil
}

// vetSignature checks the signature of an element.
func vetSignature(signed, signature *etree.Element) error {
	if err := vet(signature, inSignature); err != nil {
		return err
	}
	info := child(signature, nsSignature, "SignedInfo")
	if err := vet(info, inSignedInfo); err != nil {
		return err
	}
	if err := allowed("canonicalization", algorithm(child(info, nsSignature, "CanonicalizationMethod")), canonicalizations); err != nil {
		return err
	}
	if err := allowed("signature algorithm", algorithm(child(info, nsSignature, "SignatureMethod")), signatureMethods); err != nil {
		return err
	}
	references := children(info, nsSignature, "Reference")
	if len(references) != 1 {
		return refuse(vpn.CodeSAMLSignatureMisplaced, "The signature of the %s refers to %d elements; exactly one is possible.", name(signed), len(references))
	}
	reference := references[0]
	if err := vet(reference, inReference); err != nil {
		return err
	}
	if id, refersTo := attribute(signed, "ID"), attribute(reference, "URI"); id == "" || refersTo != "#"+id {
		return refuse(vpn.CodeSAMLSignatureMisplaced, "The signature of the %s refers to %s and not to #%s, the element that it stands in.", name(signed), shown(refersTo), shown(id))
	}
	return vetTransforms(signed, reference)
}

// vetTransforms checks by which steps the signed bytes come from the signed element.
func vetTransforms(signed, reference *etree.Element) error {
	transforms := child(reference, nsSignature, "Transforms")
	if err := vet(transforms, inTransforms); err != nil {
		return err
	}
	enveloped := 0
	for _, transform := range transforms.ChildElements() {
		if algorithm(transform) == string(dsig.EnvelopedSignatureAltorithmId) {
			enveloped++
			continue
		}
		if err := allowed("transform", algorithm(transform), canonicalizations); err != nil {
			return err
		}
	}
	if enveloped != 1 {
		return refuse(vpn.CodeSAMLSignatureMisplaced, "The signature of the %s does not leave itself out once (transform enveloped-signature).", name(signed))
	}
	return allowed("digest algorithm", algorithm(child(reference, nsSignature, "DigestMethod")), digestMethods)
}

func algorithm(e *etree.Element) string { return attribute(e, dsig.AlgorithmAttr) }

func allowed(what, algorithm string, list []string) error {
	if slices.Contains(list, algorithm) {
		return nil
	}
	return refuse(vpn.CodeSAMLAlgorithmRefused, "The answer is signed with the %s %s, which is not accepted. Have the IdP sign with SHA-256, for example rsa-sha256, and exclusive canonicalization.", what, shown(algorithm))
}

// signer is the certificate that a signature names as the signer's; nil where it names none.
func signer(signature *etree.Element) *x509.Certificate {
	if signature == nil {
		return nil
	}
	e := signature
	for _, tag := range []string{"KeyInfo", "X509Data", "X509Certificate"} {
		found := children(e, nsSignature, tag)
		if len(found) == 0 {
			return nil
		}
		e = found[0]
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text(e)), ""))
	if err != nil {
		return nil
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return certificate
}

// vetSigners checks the certificates that the signatures name, so that an unknown one can be named. What they sign is not
// verified here.
func (sp *ServiceProvider) vetSigners(m message, trace *vpn.SAMLTrace, now time.Time) error {
	var refusal error
	for _, signature := range []*etree.Element{m.responseSignature, m.assertionSignature} {
		certificate := signer(signature)
		if certificate == nil || refusal != nil {
			continue
		}
		trace.Signer = describe(certificate)
		trace.SignerKnown = slices.ContainsFunc(sp.idp.certificates, certificate.Equal)
		compare(trace, "Signing certificate of the "+signature.Parent().Tag, sp.idp.fingerprints(), trace.Signer.Fingerprint, trace.SignerKnown)
		switch {
		case !trace.SignerKnown:
			refusal = refuse(vpn.CodeSAMLSignerUnknown, "The answer is signed with a certificate that the metadata of the IdP does not have: %s, valid until %s, SHA-256 %s. If the IdP has changed its certificate, get its new metadata and modify the provider.",
				shown(trace.Signer.Subject), day(certificate.NotAfter), trace.Signer.Fingerprint)
		case now.After(certificate.NotAfter):
			refusal = refuse(vpn.CodeSAMLSignerExpired, "The answer is signed with a certificate that expired on %s: %s, SHA-256 %s. Renew it at the IdP, get its new metadata and modify the provider.",
				day(certificate.NotAfter), shown(trace.Signer.Subject), trace.Signer.Fingerprint)
		case now.Before(certificate.NotBefore):
			refusal = refuse(vpn.CodeSAMLSignerExpired, "The answer is signed with a certificate that is valid from %s on: %s, SHA-256 %s. Look at the clock of this host.",
				day(certificate.NotBefore), shown(trace.Signer.Subject), trace.Signer.Fingerprint)
		}
	}
	return refusal
}

// signatureFault says why the library took no signature; nil where its error is about something else.
func signatureFault(err error) *vpn.Error {
	switch {
	case err == nil || !errors.Is(err, crewjam.ErrInvalidSignature):
		return nil
	case errors.Is(err, crewjam.ErrUntrustedCertificate):
		return refuse(vpn.CodeSAMLSignerUnknown, "The answer is signed with a key that the metadata of the IdP does not have. If the IdP has changed its certificate, get its new metadata and modify the provider.").Because(err)
	case errors.Is(err, crewjam.ErrCertificateNotValidNow):
		return refuse(vpn.CodeSAMLSignerExpired, "The answer is signed with a certificate that has expired or is not valid yet. Renew it at the IdP, get its new metadata and modify the provider.").Because(err)
	}
	return refuse(vpn.CodeSAMLSignatureInvalid, "The signature of the answer does not fit what it signs: the answer was changed on its way, or signed with another key than that of the certificate.").Because(err)
}
