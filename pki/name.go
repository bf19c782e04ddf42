package pki

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// nameParts brings a distinguished name into the form in which OpenSSL compares names, one text for
// each of its parts: a text is the same in every encoding, in capital and small ASCII letters, and
// with more spaces between or around its words. Renewed and cross-signed certificates write one
// name in several of these ways.
func nameParts(name []byte) []string {
	broken := []string{string(name)}
	whole, ok := element(name, 0)
	if !ok {
		return broken
	}
	parts := []string{}
	for at := whole.body; at < whole.end; {
		set, ok := element(name, at)
		if !ok {
			return broken
		}
		var values []string
		for a := set.body; a < set.end; {
			attribute, ok := element(name, a)
			if !ok {
				return broken
			}
			kind, ok := element(name, attribute.body)
			if !ok || kind.end >= attribute.end {
				return broken
			}
			value, ok := element(name, kind.end)
			if !ok {
				return broken
			}
			values = append(values, strconv.Quote(string(kind.of(name))+comparableText(name[value.start], value.content(name), value.of(name))))
			a = attribute.end
		}
		slices.Sort(values)
		parts = append(parts, strings.Join(values, "+"))
		at = set.end
	}
	return parts
}

// comparable is a distinguished name as one text that equals another where OpenSSL takes the two
// for one name.
func comparable(name []byte) string { return strings.Join(nameParts(name), ",") }

func comparableText(tag byte, content, whole []byte) string {
	var text string
	switch tag {
	case asn1.TagUTF8String:
		if !utf8.Valid(content) {
			return string(whole)
		}
		text = string(content)
	case asn1.TagPrintableString, asn1.TagIA5String, asn1.TagT61String, 26: // 26 is VisibleString
		runes := make([]rune, len(content))
		for i, b := range content {
			runes[i] = rune(b)
		}
		text = string(runes)
	case asn1.TagBMPString:
		units := make([]uint16, 0, len(content)/2)
		for ; len(content) >= 2; content = content[2:] {
			units = append(units, uint16(content[0])<<8|uint16(content[1]))
		}
		text = string(utf16.Decode(units))
	default:
		return string(whole)
	}
	small := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= '\t' && r <= '\r':
			return ' '
		}
		return r
	}, text)
	return "=" + strings.Join(strings.FieldsFunc(small, func(r rune) bool { return r == ' ' }), " ")
}

var oidAuthorityKeyID = asn1.ObjectIdentifier{2, 5, 29, 35}

// keyIdentifier is the extension by which a certificate tells which of several certificates of one
// name issued it.
type keyIdentifier struct {
	KeyID  []byte        `asn1:"optional,tag:0"`
	Issuer asn1.RawValue `asn1:"optional,tag:1"`
	Serial asn1.RawValue `asn1:"optional,tag:2"`
}

// identifierFault tells, as OpenSSL judges it, why parent is not the very certificate that child
// names as its issuer; "" where it may be.
func identifierFault(child, parent *x509.Certificate) string {
	i := slices.IndexFunc(child.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidAuthorityKeyID) })
	if i < 0 {
		return ""
	}
	var id keyIdentifier
	if _, err := asn1.Unmarshal(child.Extensions[i].Value, &id); err != nil {
		return ""
	}
	switch {
	case len(id.KeyID) > 0 && len(parent.SubjectKeyId) > 0 && !bytes.Equal(id.KeyID, parent.SubjectKeyId):
		return "another key identifier"
	case len(id.Serial.Bytes) > 0 && !bytes.Equal(id.Serial.Bytes, serialBytes(parent)):
		return "another serial number"
	case len(id.Issuer.Bytes) > 0:
		return issuerFault(id.Issuer.Bytes, parent)
	}
	return ""
}

// issuerFault compares the first directory name, which is the issuer's own issuer.
func issuerFault(names []byte, parent *x509.Certificate) string {
	const directoryName = 0xa4
	for at := 0; at < len(names); {
		general, ok := element(names, at)
		if !ok {
			return ""
		}
		if names[general.start] == directoryName {
			if comparable(general.content(names)) != comparable(parent.RawIssuer) {
				return "another issuer"
			}
			return ""
		}
		at = general.end
	}
	return ""
}

// serialBytes is the serial number as it is encoded.
func serialBytes(c *x509.Certificate) []byte {
	o, ok := outlineOf(c.Raw)
	if !ok {
		return nil
	}
	return o.serial.content(c.Raw)
}
