package pki

import (
	"crypto"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // an identifier, as RFC 5280 makes it
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cryptobyte_asn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sallyport/vpn"
)

// signedList is a certificate revocation list as it was read, before its signature is checked. crypto/x509 refuses lists of version 1,
// which a plain openssl ca -gencrl makes, and does not judge extensions.
type signedList struct {
	tbs, issuer, algorithmDER []byte
	signature                 []byte
	thisUpdate, nextUpdate    time.Time
	number                    *big.Int // nil: none
	entries                   []vpn.Revocation
}

const (
	damagedList = "The certificate revocation list is damaged, or it is none: %s. Copy it again from its source."
	deltaList   = "This is a list of changes (delta CRL), which says only what is new since another list. Import the complete list of the authority."
	indirect    = "This is an indirect list: it has certificates of other authorities as well. Import a list of this authority alone."
	longSerial  = "Entry %d of the list has a serial number of %d bytes. RFC 5280 allows 20, and no certificate with such a one is accepted."
	partOfList  = "This list covers only a part of the certificates of its authority (issuing distribution point). Import the complete list."
)

// maxSerial is how many bytes of a serial number are read: more than any authority gives. Writing one in decimal takes
// time with the square of its length.
const maxSerial = 256

// readList reads a list with at most limit entries.
func readList(der []byte, limit int) (*signedList, string) {
	broken := func(what string) (*signedList, string) { return nil, fmt.Sprintf(damagedList, what) }
	l := &signedList{}
	input := cryptobyte.String(der)
	var outer, tbs, algorithm, issuer cryptobyte.String
	if !input.ReadASN1(&outer, cryptobyte_asn1.SEQUENCE) {
		return broken("its end is missing, or it does not begin as one")
	}
	if !input.Empty() {
		return broken("something follows its end")
	}
	var signature asn1.BitString
	if !outer.ReadASN1Element(&tbs, cryptobyte_asn1.SEQUENCE) || !outer.ReadASN1Element(&algorithm, cryptobyte_asn1.SEQUENCE) ||
		!outer.ReadASN1BitString(&signature) || !outer.Empty() {
		return broken("it has no list with a signature in it")
	}
	l.tbs, l.algorithmDER, l.signature = tbs, algorithm, signature.RightAlign()
	tbs.ReadASN1(&tbs, cryptobyte_asn1.SEQUENCE)
	var inner cryptobyte.String
	if tbs.PeekASN1Tag(cryptobyte_asn1.INTEGER) {
		var version int
		if !tbs.ReadASN1Integer(&version) || version != 1 {
			return broken("its version is neither 1 nor 2")
		}
	}
	if !tbs.ReadASN1Element(&inner, cryptobyte_asn1.SEQUENCE) || string(inner) != string(algorithm) {
		return broken("it does not name one signature algorithm")
	}
	if !tbs.ReadASN1Element(&issuer, cryptobyte_asn1.SEQUENCE) {
		return broken("it does not name its issuer")
	}
	l.issuer = issuer
	if !readTime(&tbs, &l.thisUpdate) {
		return broken("it does not say when it was made (thisUpdate)")
	}
	if tbs.PeekASN1Tag(cryptobyte_asn1.UTCTime) || tbs.PeekASN1Tag(cryptobyte_asn1.GeneralizedTime) {
		if !readTime(&tbs, &l.nextUpdate) {
			return broken("when the next one comes (nextUpdate) is no time")
		}
	}
	if tbs.PeekASN1Tag(cryptobyte_asn1.SEQUENCE) {
		var entries cryptobyte.String
		tbs.ReadASN1(&entries, cryptobyte_asn1.SEQUENCE)
		if fault := l.readEntries(entries, limit); fault != "" {
			return nil, fault
		}
	}
	if fault := l.readExtensions(&tbs); fault != "" {
		return nil, fault
	}
	if !tbs.Empty() {
		return broken("something stands behind its entries")
	}
	return l, ""
}

func readTime(s *cryptobyte.String, out *time.Time) bool {
	if s.PeekASN1Tag(cryptobyte_asn1.UTCTime) {
		return s.ReadASN1UTCTime(out)
	}
	return s.ReadASN1GeneralizedTime(out)
}

// readEntries reads the revoked certificates. One that is listed twice counts once, with what is said first.
func (l *signedList) readEntries(s cryptobyte.String, limit int) string {
	seen := map[string]bool{}
	for n := 1; !s.Empty(); n++ {
		var entry, serial cryptobyte.String
		r := vpn.Revocation{Reason: vpn.ReasonUnspecified}
		if !s.ReadASN1(&entry, cryptobyte_asn1.SEQUENCE) || !entry.ReadASN1(&serial, cryptobyte_asn1.INTEGER) || len(serial) == 0 || !readTime(&entry, &r.At) {
			return fmt.Sprintf(damagedList, fmt.Sprintf("entry %d has no serial number or no time", n))
		}
		if len(serial) > maxSerial {
			return fmt.Sprintf(longSerial, n, len(serial))
		}
		r.Serial = numberOf(serial).String()
		if !entry.Empty() {
			if fault := readEntryExtensions(&entry, &r); fault != "" {
				return fault
			}
		}
		if seen[r.Serial] {
			continue
		}
		seen[r.Serial] = true
		if l.entries = append(l.entries, r); len(l.entries) > limit {
			return fmt.Sprintf("The list has more than %d entries, which is the quota (revocation list entries). An administrator can raise it on the Settings page.", limit)
		}
	}
	return ""
}

func numberOf(b []byte) *big.Int {
	if b[0]&0x80 != 0 {
		return negativeOf(b)
	}
	return new(big.Int).SetBytes(b)
}

// listExtension is one extension of a list or of an entry.
type listExtension struct {
	id       asn1.ObjectIdentifier
	critical bool
	value    cryptobyte.String
}

func readExtensionsOf(s cryptobyte.String) ([]listExtension, bool) {
	var out []listExtension
	for !s.Empty() {
		var one cryptobyte.String
		var e listExtension
		if !s.ReadASN1(&one, cryptobyte_asn1.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&e.id) {
			return nil, false
		}
		if one.PeekASN1Tag(cryptobyte_asn1.BOOLEAN) && !one.ReadASN1Boolean(&e.critical) {
			return nil, false
		}
		if !one.ReadASN1(&e.value, cryptobyte_asn1.OCTET_STRING) || !one.Empty() {
			return nil, false
		}
		out = append(out, e)
	}
	return out, true
}

func readEntryExtensions(entry *cryptobyte.String, r *vpn.Revocation) string {
	var list cryptobyte.String
	if !entry.ReadASN1(&list, cryptobyte_asn1.SEQUENCE) || !entry.Empty() {
		return fmt.Sprintf(damagedList, "the entry of serial number "+r.Serial+" is malformed")
	}
	extensions, ok := readExtensionsOf(list)
	if !ok {
		return fmt.Sprintf(damagedList, "an extension of the entry of serial number "+r.Serial+" is malformed")
	}
	for _, e := range extensions {
		switch id := e.id.String(); {
		case id == "2.5.29.29":
			return indirect
		case id == "2.5.29.21":
			var number int
			if !e.value.ReadASN1Enum(&number) {
				return fmt.Sprintf(damagedList, "the reason of serial number "+r.Serial+" is no number")
			}
			const removeFromCRL = 8
			if number == removeFromCRL {
				return deltaList
			}
			if reason, known := vpn.ReasonNumbered(number); known {
				r.Reason = reason
			}
		case e.critical && id != "2.5.29.24":
			return "The entry of serial number " + r.Serial + " has the critical extension " + describeObject(e.id) + ", which is not known here. Make the list without it."
		}
	}
	return ""
}

func (l *signedList) readExtensions(tbs *cryptobyte.String) string {
	var wrapped, list cryptobyte.String
	var present bool
	if !tbs.ReadOptionalASN1(&wrapped, &present, cryptobyte_asn1.Tag(0).ContextSpecific().Constructed()) {
		return fmt.Sprintf(damagedList, "its extensions are malformed")
	}
	if !present {
		return ""
	}
	if !wrapped.ReadASN1(&list, cryptobyte_asn1.SEQUENCE) || !wrapped.Empty() {
		return fmt.Sprintf(damagedList, "its extensions are malformed")
	}
	extensions, ok := readExtensionsOf(list)
	if !ok {
		return fmt.Sprintf(damagedList, "one of its extensions is malformed")
	}
	for _, e := range extensions {
		switch id := e.id.String(); {
		case id == "2.5.29.27":
			return deltaList
		case id == "2.5.29.28":
			if fault := distributionFault(e.value); fault != "" {
				return fault
			}
		case id == "2.5.29.20":
			var number cryptobyte.String
			if !e.value.ReadASN1(&number, cryptobyte_asn1.INTEGER) || len(number) == 0 || len(number) > 20 {
				return fmt.Sprintf(damagedList, "its number is none")
			}
			l.number = numberOf(number)
		case e.critical && id != "2.5.29.35":
			return "The list has the critical extension " + describeObject(e.id) + ", which is not known here. Make the list without it."
		}
	}
	return ""
}

// distributionFault judges an issuing distribution point: a list may say where it is published, but must be about every certificate of
// its authority, and about those alone.
func distributionFault(value cryptobyte.String) string {
	var point cryptobyte.String
	if !value.ReadASN1(&point, cryptobyte_asn1.SEQUENCE) {
		return fmt.Sprintf(damagedList, "its issuing distribution point is malformed")
	}
	for !point.Empty() {
		var part cryptobyte.String
		var tag cryptobyte_asn1.Tag
		if !point.ReadAnyASN1(&part, &tag) {
			return fmt.Sprintf(damagedList, "its issuing distribution point is malformed")
		}
		const name, other, number = 0x80 | 0x20, 0x84, 0x1f
		switch {
		case tag == name:
		case tag == other:
			if len(part) == 1 && part[0] != 0 {
				return indirect
			}
		case byte(tag)&number == 3 || len(part) != 1 || part[0] != 0:
			return partOfList
		}
	}
	return ""
}

// algorithm is how the list is signed.
func (l *signedList) algorithm() (x509.SignatureAlgorithm, string) {
	var id pkix.AlgorithmIdentifier
	if rest, err := asn1.Unmarshal(l.algorithmDER, &id); err != nil || len(rest) > 0 {
		return 0, fmt.Sprintf(damagedList, "its signature algorithm is malformed")
	}
	switch name := id.Algorithm.String(); {
	case listAlgorithms[name] != 0:
		return listAlgorithms[name], ""
	case id.Algorithm.Equal(oidRSAPSS):
		var parameters struct {
			Hash pkix.AlgorithmIdentifier `asn1:"explicit,optional,tag:0"`
			MGF  asn1.RawValue            `asn1:"explicit,optional,tag:1"`
			Salt int                      `asn1:"explicit,optional,tag:2"`
		}
		if _, err := asn1.Unmarshal(id.Parameters.FullBytes, &parameters); err == nil && pssHashes[parameters.Hash.Algorithm.String()] != 0 {
			return pssHashes[parameters.Hash.Algorithm.String()], ""
		}
		return 0, "The list is signed with RSA-PSS with unusual parameters, which are not supported. Make it again with SHA-256."
	case weakAlgorithms[name] != "":
		return 0, "The list is signed with " + weakAlgorithms[name] + ", which can be forged. Make it again with SHA-256 (default_md = sha256 in openssl.cnf)."
	default:
		return 0, "The list is signed with the algorithm " + objectName(id.Algorithm) + ", which is not supported. Make it again with SHA-256."
	}
}

var (
	listAlgorithms = map[string]x509.SignatureAlgorithm{
		"1.2.840.113549.1.1.11": x509.SHA256WithRSA, "1.2.840.113549.1.1.12": x509.SHA384WithRSA, "1.2.840.113549.1.1.13": x509.SHA512WithRSA,
		"1.2.840.10045.4.3.2": x509.ECDSAWithSHA256, "1.2.840.10045.4.3.3": x509.ECDSAWithSHA384, "1.2.840.10045.4.3.4": x509.ECDSAWithSHA512,
	}
	pssHashes = map[string]x509.SignatureAlgorithm{
		"2.16.840.1.101.3.4.2.1": x509.SHA256WithRSAPSS, "2.16.840.1.101.3.4.2.2": x509.SHA384WithRSAPSS, "2.16.840.1.101.3.4.2.3": x509.SHA512WithRSAPSS,
	}
	weakAlgorithms = map[string]string{
		"1.2.840.113549.1.1.4": "MD5", "1.2.840.113549.1.1.5": "SHA-1", "1.2.840.10045.4.1": "SHA-1", "1.2.840.10040.4.3": "SHA-1",
	}
)

// nameIn is a distinguished name for people.
func nameIn(der []byte) string {
	var sequence pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &sequence); err != nil || len(rest) > 0 {
		return "an authority with an unreadable name"
	}
	var name pkix.Name
	name.FillFromRDNSequence(&sequence)
	return nameOf(name.CommonName, name.String())
}

// keyIDOf identifies the key of an authority that has no identifier of it.
func keyIDOf(c *x509.Certificate) []byte {
	sum := sha1.Sum(c.RawSubjectPublicKeyInfo) //nolint:gosec // an identifier
	return sum[:]
}

func createList(template *x509.RevocationList, issuer *x509.Certificate, key crypto.Signer) ([]byte, error) {
	return x509.CreateRevocationList(rand.Reader, template, issuer, key)
}
