package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"strings"

	"sallyport/vpn"
)

// The form fields of an import.
const (
	fieldCertificate = "certificate"
	fieldKey         = "private_key"
	fieldChain       = "chain"
)

// maxText bounds what is parsed. A chain of five certificates is about 10 KB.
const maxText = 64 << 10

func refuse(field, sentence string) error {
	var c vpn.Check
	c.Bad(field, sentence)
	return c.Err()
}

// readBlocks splits PEM text into its blocks. The fault, a sentence, says what was given instead;
// it never repeats the text, which may be a private key in the wrong box.
func readBlocks(text, want string) ([]*pem.Block, string) {
	text = strings.TrimPrefix(text, "\ufeff")
	switch {
	case strings.TrimSpace(text) == "":
		return nil, "Paste " + want + " in PEM form."
	case len(text) > maxText:
		return nil, fmt.Sprintf("This is %d KB; %s in PEM form is a few KB of text.", len(text)/1024, want)
	}
	if fault := binaryFault([]byte(text)); fault != "" {
		return nil, fault
	}
	var blocks []*pem.Block
	rest := []byte(text)
	for {
		var b *pem.Block
		b, rest = pem.Decode(rest)
		if b == nil {
			break
		}
		blocks = append(blocks, b)
	}
	switch {
	case len(blocks) == 0 && strings.Contains(text, "-----BEGIN "):
		return nil, "The PEM text is damaged. Copy it again, from the BEGIN line to the END line, both included."
	case len(blocks) == 0:
		return nil, "This is not PEM: there is no line that starts with -----BEGIN."
	case bytes.Contains(rest, []byte("-----BEGIN ")):
		return nil, "The last PEM block is damaged. Copy it again, from the BEGIN line to the END line, both included."
	}
	return blocks, ""
}

// binaryFault recognizes the binary files that people have at hand: both start as a DER
// SEQUENCE, and PKCS #12 has version 3 as its first element.
func binaryFault(b []byte) string {
	var outer asn1.RawValue
	if _, err := asn1.Unmarshal(b, &outer); err != nil || outer.Tag != asn1.TagSequence || !outer.IsCompound {
		if bytes.ContainsRune(b, 0) {
			return "This is a binary file of an unknown kind, not PEM text."
		}
		return ""
	}
	var version int
	if _, err := asn1.Unmarshal(outer.Bytes, &version); err == nil && version == 3 {
		return "This is a PKCS #12 file (.p12, .pfx). Take it apart first: openssl pkcs12 -in file.p12 -nodes prints the key and the certificates as PEM."
	}
	if _, err := x509.ParseCertificate(b); err == nil {
		return "This is a certificate in binary (DER) form. Convert it first: openssl x509 -inform der -in file.cer -out file.pem."
	}
	return "This is a binary (DER) file. Convert it to PEM first, with openssl."
}

// blockName says what a PEM block is, for a person who pasted it into the wrong box.
func blockName(b *pem.Block) string {
	switch {
	case strings.HasSuffix(b.Type, "PRIVATE KEY"):
		return "a private key"
	case b.Type == "CERTIFICATE":
		return "a certificate"
	case strings.HasSuffix(b.Type, "CERTIFICATE REQUEST"):
		return "a certificate signing request; have the authority sign it, and paste the certificate that comes back"
	case b.Type == "X509 CRL":
		return "a certificate revocation list"
	case b.Type == "PUBLIC KEY":
		return "a public key"
	case b.Type == "PKCS7":
		return "a PKCS #7 bundle; openssl pkcs7 -print_certs takes it apart"
	case strings.HasPrefix(b.Type, "OpenVPN"):
		return "an OpenVPN shared key"
	}
	return "something else"
}

// readCertificates reads one or more certificates.
func readCertificates(text string) ([]*x509.Certificate, string) {
	blocks, fault := readBlocks(text, "the certificate")
	if fault != "" {
		return nil, fault
	}
	var certs []*x509.Certificate
	for _, b := range blocks {
		if b.Type != "CERTIFICATE" {
			if strings.HasSuffix(b.Type, "PRIVATE KEY") {
				return nil, "This holds a private key. The key belongs into the private key box, and nowhere else."
			}
			return nil, "This is " + blockName(b) + ", not a certificate."
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, "The certificate is damaged: its PEM lines are intact but what they hold is not a certificate."
		}
		certs = append(certs, c)
	}
	return certs, ""
}
