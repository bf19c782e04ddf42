package pki

import (
	"encoding/asn1"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cryptobyte_asn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// What labelOf tells apart, besides PEM's own labels.
const (
	labelPKCS7  = "PKCS7"
	labelPKCS12 = "PKCS12"
	keySuffix   = "PRIVATE KEY"

	labelEncryptedKey = "ENCRYPTED PRIVATE KEY"
)

var (
	oidPKCS7 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidEC    = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
)

// maxNesting bounds how deep DER is looked into. A certificate needs about ten.
const maxNesting = 40

// soundDER reports whether b is one element in distinguished encoding whose parts fill it, at every
// depth: something damaged on its way is not.
func soundDER(b []byte) bool {
	s := cryptobyte.String(b)
	var body cryptobyte.String
	var tag cryptobyte_asn1.Tag
	return s.ReadAnyASN1(&body, &tag) && s.Empty() && tag == cryptobyte_asn1.SEQUENCE && soundBody(body, 0)
}

func soundBody(body cryptobyte.String, depth int) bool {
	for !body.Empty() {
		var inner cryptobyte.String
		var tag cryptobyte_asn1.Tag
		if depth > maxNesting || !body.ReadAnyASN1(&inner, &tag) {
			return false
		}
		const constructed = 0x20
		if tag&constructed != 0 && !soundBody(inner, depth+1) {
			return false
		}
	}
	return true
}

// firstElement cuts what follows the first DER element, as OpenSSL does.
func firstElement(b []byte) []byte {
	s, element := cryptobyte.String(b), cryptobyte.String(nil)
	var tag cryptobyte_asn1.Tag
	if !s.ReadAnyASN1Element(&element, &tag) {
		return b
	}
	return element
}

// labelOf tells by its shape what DER holds, as PEM's label; "" where it is nothing that people
// paste here.
func labelOf(der []byte) string {
	s := cryptobyte.String(der)
	var body cryptobyte.String
	if !s.ReadASN1(&body, cryptobyte_asn1.SEQUENCE) {
		return ""
	}
	tags := elements(body)
	is := func(want ...cryptobyte_asn1.Tag) bool {
		return len(tags) >= len(want) && slices.Equal(tags[:len(want)], want)
	}
	const (
		sequence = cryptobyte_asn1.SEQUENCE
		integer  = cryptobyte_asn1.INTEGER
		octets   = cryptobyte_asn1.OCTET_STRING
		bits     = cryptobyte_asn1.BIT_STRING
	)
	inner := body
	var first cryptobyte.String
	switch {
	case is(sequence, sequence, bits) && len(tags) == 3:
		inner.ReadASN1(&first, sequence)
		return signedLabel(elements(first))
	case is(cryptobyte_asn1.OBJECT_IDENTIFIER):
		var oid asn1.ObjectIdentifier
		if inner.ReadASN1ObjectIdentifier(&oid) && oid.Equal(oidPKCS7) {
			return labelPKCS7
		}
	case is(integer, integer, integer, integer, integer, integer, integer, integer, integer):
		return "RSA PRIVATE KEY"
	case is(integer, octets):
		return "EC PRIVATE KEY"
	case is(integer, sequence, octets):
		return "PRIVATE KEY"
	case is(sequence, octets) && len(tags) == 2:
		return labelEncryptedKey
	case is(sequence, bits) && len(tags) == 2:
		return "PUBLIC KEY"
	case is(integer, sequence):
		var version int
		if inner.ReadASN1Integer(&version) && version == 3 {
			return labelPKCS12
		}
	}
	return ""
}

// signedLabel tells certificates, requests and revocation lists apart by what is signed: how many
// sequences stand one after the other, and what follows them.
func signedLabel(tags []cryptobyte_asn1.Tag) string {
	const sequence = cryptobyte_asn1.SEQUENCE
	start := slices.Index(tags, sequence)
	if start < 0 {
		return ""
	}
	tags = tags[start:]
	count := slices.IndexFunc(tags, func(t cryptobyte_asn1.Tag) bool { return t != sequence })
	if count < 0 {
		count = len(tags)
	}
	switch {
	case count >= 5:
		return labelCertificate
	case count != 2 || len(tags) == 2:
		return ""
	case tags[2] == cryptobyte_asn1.Tag(0).ContextSpecific().Constructed():
		return "CERTIFICATE REQUEST"
	case tags[2] == cryptobyte_asn1.UTCTime, tags[2] == cryptobyte_asn1.GeneralizedTime:
		return "X509 CRL"
	}
	return ""
}

func elements(body cryptobyte.String) []cryptobyte_asn1.Tag {
	var tags []cryptobyte_asn1.Tag
	for !body.Empty() {
		var inner cryptobyte.String
		var tag cryptobyte_asn1.Tag
		if !body.ReadAnyASN1(&inner, &tag) {
			return tags
		}
		tags = append(tags, tag)
	}
	return tags
}

// objectName is the name of an object identifier where people have one for it.
func objectName(oid asn1.ObjectIdentifier) string {
	if name, ok := objectNames[oid.String()]; ok {
		return name
	}
	return oid.String()
}

var objectNames = map[string]string{
	"1.3.101.113": "Ed448", "1.3.101.111": "X448", // keys and curves
	"1.3.132.0.10": "secp256k1", "1.3.132.0.33": "P-224", "1.2.840.10045.3.1.1": "P-192",
	"1.3.36.3.3.2.8.1.1.7": "brainpoolP256r1", "1.3.36.3.3.2.8.1.1.11": "brainpoolP384r1", "1.3.36.3.3.2.8.1.1.13": "brainpoolP512r1",
	"1.2.840.113549.1.1.14": "SHA224-RSA", "1.2.840.10045.4.3.1": "ECDSA-SHA224", "1.2.840.113549.1.1.10": "RSA-PSS",
	"2.5.29.14": "subject key identifier", "2.5.29.15": "key usage", "2.5.29.17": "subject alternative name", "2.5.29.18": "issuer alternative name",
	"2.5.29.19": "basic constraints", "2.5.29.30": "name constraints", "2.5.29.35": "authority key identifier", "2.5.29.37": "extended key usage",
	"1.3.6.1.5.5.7.1.1": "authority information access", "1.3.6.1.5.5.7.1.3": "qualified certificate statements", "1.3.6.1.5.5.7.1.24": "TLS feature",
}

func describeObject(oid asn1.ObjectIdentifier) string {
	if name := objectName(oid); name != oid.String() {
		return name + " (" + oid.String() + ")"
	}
	return oid.String()
}
