package pki

import (
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cryptobyte_asn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// readCertificates reads one or more certificates.
func readCertificates(text string) ([]*x509.Certificate, string) {
	certs, fault := readPlaced(text)
	return bare(certs), fault
}

// readPlaced reads one or more certificates with their places.
func readPlaced(text string) ([]placed, string) {
	blocks, fault := readBlocks(text, "the certificate")
	if fault != "" {
		return nil, fault
	}
	return certificatesIn(blocks)
}

func certificatesIn(blocks []block) ([]placed, string) {
	var certs []placed
	for _, b := range blocks {
		if parameters(b.Type) {
			continue
		}
		if fault := notACertificate(b.Block); fault != "" {
			return nil, b.says(fault)
		}
		c, fault := readCertificate(firstElement(b.Bytes))
		if fault != "" {
			return nil, b.says(fault)
		}
		certs = append(certs, placed{c, b.place})
	}
	if len(certs) == 0 {
		return nil, blocks[0].says(isNot(blocks[0].Type, "a certificate"))
	}
	return certs, ""
}

// notACertificate judges a block by its label, and by its content where the label lies.
func notACertificate(b *pem.Block) string {
	label := b.Type
	if certificateLabel(label) {
		if found := labelOf(b.Bytes); found != "" && found != labelCertificate && soundDER(firstElement(b.Bytes)) {
			label = found
		}
	}
	switch {
	case certificateLabel(label):
		return ""
	case label == labelEncryptedKey:
		return "This holds a private key, encrypted with a passphrase (BEGIN ENCRYPTED PRIVATE KEY). A key belongs into the private key box, and nowhere else."
	case strings.HasSuffix(label, keySuffix):
		return "This holds a private key (BEGIN " + label + "). The key belongs into the private key box, and nowhere else."
	}
	return isNot(label, "a certificate")
}

// readCertificate reads a certificate as OpenSSL reads it. crypto/x509 refuses some that OpenSSL
// and therefore every OpenVPN peer accepts; those with unusual names and serial numbers are read in
// a copy that has the usual ones, in the same number of bytes, and get their own bytes back: what is
// signed, compared, stored and handed on is the original. The fault tells something broken from
// something unusual.
func readCertificate(der []byte) (*x509.Certificate, string) {
	c, err := x509.ParseCertificate(der)
	if err == nil {
		return c, ""
	}
	if !soundDER(der) || labelOf(der) != labelCertificate {
		return nil, damage(der)
	}
	usual, serial := usualCopy(der)
	c, second := x509.ParseCertificate(usual)
	if second != nil {
		return nil, unusual(der, second)
	}
	restore(c, der)
	if serial != nil {
		c.SerialNumber = negativeOf(serial)
	}
	return c, ""
}

func damage(der []byte) string {
	s := cryptobyte.String(der)
	var tag cryptobyte_asn1.Tag
	var body cryptobyte.String
	const again = " Copy it again from its source."
	switch {
	case len(der) > 1 && der[0] == 0x30 && der[1] == 0x80:
		return "The certificate is in BER encoding with indefinite lengths; certificates are DER. Have it issued again, or convert it: openssl x509 -in file.pem -out new.pem."
	case len(der) > 4 && der[0] == 0x30 && !s.ReadAnyASN1(&body, &tag) && longer(der):
		return fmt.Sprintf("The certificate is damaged: its end is missing after %d bytes.", len(der)) + again
	case soundDER(der):
		return "The certificate is damaged: its PEM lines are intact but what they hold is not a certificate."
	}
	return "The certificate is damaged: its PEM lines are intact but what they hold is not a certificate, or not all of it." + again
}

// longer reports whether DER announces more bytes than there are.
func longer(der []byte) bool {
	n, digits := int(der[1]), 0
	if n >= 0x80 {
		digits = n & 0x7f
		if digits == 0 || digits > 3 || len(der) < 2+digits {
			return false
		}
		n = 0
		for _, b := range der[2 : 2+digits] {
			n = n<<8 | int(b)
		}
	}
	return 2+digits+n > len(der)
}

// unusual says what crypto/x509 finds wrong with a certificate whose encoding is sound.
func unusual(der []byte, err error) string {
	const intact = "The certificate is intact, but unusual: "
	reason := strings.TrimPrefix(err.Error(), "x509: ")
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(reason, w) })
	}
	switch {
	case has("invalid ECDSA parameters"):
		return intact + "its elliptic curve is written out as explicit parameters instead of its name, which most TLS programs refuse. Make the key with a named curve (openssl ecparam -name prime256v1 -param_enc named_curve -genkey) and have the certificate issued again."
	case has("uncompressed public key"):
		return intact + "its key is a point of an elliptic curve in compressed form, which not every TLS program reads. Make the key with openssl ecparam -name prime256v1 -genkey -noout and have the certificate issued again."
	case has("unsupported elliptic curve"):
		return "Its key is on the elliptic curve " + curveOf(der) + ", which not every OpenVPN client supports. Use RSA 2048 to 4096, ECDSA P-256 or ECDSA P-384."
	case has("unsupported string type", "invalid UTF-8 string", "invalid BMPString", "invalid attribute value"):
		return intact + "a name in its subject or issuer is in an encoding that does not fit its text (" + detail(reason) + "). Have it issued again with names in UTF-8."
	case has("SAN ", "subject alternative name", "cannot parse URI", "cannot parse IP address"):
		return intact + "a subject alternative name in it is malformed (" + reason + "). A DNS name has ASCII letters only, xn-- for others. Have it issued again."
	case has("duplicate extension"):
		return intact + "it has the same extension twice (" + reason + "). Have it issued again."
	case has("incorrectly marked critical"):
		return intact + "an extension in it is marked critical that must not be (" + reason + "), so TLS programs refuse it. Have it issued again."
	case has("invalid version", "malformed version"):
		return intact + "its version is not one of X.509. Have it issued again as version 3."
	case has("UTCTime", "GeneralizedTime", "time format", "validity"):
		return intact + "its validity is not written as RFC 5280 demands, in UTC with seconds (" + reason + "). Have it issued again."
	case has("don't match"):
		return intact + "it names two different signature algorithms, so no TLS program trusts its signature. Have it issued again."
	case has("NULL parameters"):
		return intact + "the parameters of its RSA key are missing. Have it issued again with a current version of OpenSSL."
	}
	return intact + reason + ". Have it issued again without that, by a current version of OpenSSL or easy-rsa."
}

// detail is what stands last in a chain of reasons.
func detail(reason string) string {
	parts := strings.Split(reason, ": ")
	return parts[len(parts)-1]
}

// outline is where the parts of a certificate lie that are read in a copy.
type outline struct {
	tbs, serial, issuer, subject, key span
}

// span is a part of DER, by its offsets: the element whole, and its content.
type span struct{ start, body, end int }

func (s span) of(der []byte) []byte      { return der[s.start:s.end] }
func (s span) content(der []byte) []byte { return der[s.body:s.end] }

// outlineOf finds the parts. It is called for what labelOf calls a certificate.
func outlineOf(der []byte) (outline, bool) {
	var o outline
	var ok bool
	whole, ok := element(der, 0)
	if !ok {
		return o, false
	}
	if o.tbs, ok = element(der, whole.body); !ok {
		return o, false
	}
	at := o.tbs.body
	next := func() span {
		var s span
		if ok && at < o.tbs.end {
			s, ok = element(der, at)
			at = s.end
			return s
		}
		ok = false
		return s
	}
	if at < len(der) && der[at] == 0xa0 { // version
		next()
	}
	o.serial = next()
	next() // signature algorithm
	o.issuer = next()
	next() // validity
	o.subject = next()
	o.key = next()
	return o, ok
}

func element(der []byte, at int) (span, bool) {
	s := cryptobyte.String(der[at:])
	var whole, body cryptobyte.String
	var tag cryptobyte_asn1.Tag
	if !s.ReadAnyASN1Element(&whole, &tag) {
		return span{}, false
	}
	inner := whole
	inner.ReadAnyASN1(&body, &tag)
	return span{at, at + len(whole) - len(body), at + len(whole)}, true
}

// usualCopy is the certificate with readable names, and with a positive serial number. The old
// serial number comes back where it was negative.
func usualCopy(der []byte) (usual, negative []byte) {
	usual = slices.Clone(der)
	o, ok := outlineOf(der)
	if !ok {
		return usual, nil
	}
	usualNames(usual, o.issuer)
	usualNames(usual, o.subject)
	if n := o.serial.content(der); len(n) > 0 && n[0]&0x80 != 0 {
		usual[o.serial.body] = 1
		negative = n
	}
	return usual, negative
}

// negativeOf reads a negative number in two's complement.
func negativeOf(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	return n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
}

// usualNames calls a text T61String where it has characters that its type forbids. OpenSSL reads
// all types with one byte a character alike, as Latin-1; crypto/x509 reads this one so.
func usualNames(der []byte, name span) {
	for at := name.body; at < name.end; {
		set, ok := element(der, at)
		if !ok {
			return
		}
		for a := set.body; a < set.end; {
			attribute, ok := element(der, a)
			if !ok {
				return
			}
			if kind, ok := element(der, attribute.body); ok && kind.end < attribute.end {
				if value, ok := element(der, kind.end); ok && oneByteText(der[value.start]) {
					der[value.start] = asn1.TagT61String
				}
			}
			a = attribute.end
		}
		at = set.end
	}
}

func oneByteText(tag byte) bool {
	return tag == asn1.TagPrintableString || tag == asn1.TagIA5String || tag == asn1.TagNumericString
}

// restore gives a certificate that was read in a copy its own bytes.
func restore(c *x509.Certificate, der []byte) {
	o, _ := outlineOf(der)
	c.Raw, c.RawTBSCertificate = der, o.tbs.of(der)
	c.RawIssuer, c.RawSubject, c.RawSubjectPublicKeyInfo = o.issuer.of(der), o.subject.of(der), o.key.of(der)
}

// curveOf names the elliptic curve of a certificate's key.
func curveOf(der []byte) string {
	o, _ := outlineOf(der)
	var key struct {
		Algorithm struct {
			Algorithm asn1.ObjectIdentifier
			Curve     asn1.ObjectIdentifier
		}
		Key asn1.BitString
	}
	if _, err := asn1.Unmarshal(o.key.of(der), &key); err != nil {
		return "of an unknown name"
	}
	return objectName(key.Algorithm.Curve)
}
