package pki

import (
	"crypto"
	"crypto/x509"
	"errors"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"sallyport/vpn"
)

// opening lets one PKCS #12 file be opened at a time: deriving its keys is work by design.
var opening = make(chan struct{}, 1)

// pkcs12Content is what a PKCS #12 file holds.
type pkcs12Content struct {
	key   crypto.Signer
	certs []*x509.Certificate
}

// readPKCS12 opens a PKCS #12 file. The fault is a sentence for the box that field names.
func readPKCS12(b []byte, passphrase vpn.Secret) (out pkcs12Content, field, fault string) {
	if fault := derivationFault(b); fault != "" {
		return out, fieldCertificate, "This PKCS #12 file cannot be opened. " + fault
	}
	type answer struct {
		content pkcs12Content
		hidden  string // what an encrypted part asks for that is too much
		err     error
	}
	late := time.NewTimer(openWithin)
	defer late.Stop()
	answers := make(chan answer, 1)
	select {
	case opening <- struct{}{}:
	case <-late.C:
		return out, fieldCertificate, "Another PKCS #12 file is being opened at this moment. Try again in a minute."
	}
	go func() { // the work is bounded; a slow host may need longer for it than a person waits
		defer func() { <-opening }()
		var a answer
		defer func() {
			if recover() != nil { // a parser's fault is a fault of the file
				a.err = errEncryption
			}
			answers <- a
		}()
		if a.hidden, a.err = hiddenFault(firstElement(b), passphrase.Reveal()); a.err == nil && a.hidden == "" {
			a.content, a.err = decodePKCS12(b, passphrase.Reveal())
		}
	}()
	select {
	case a := <-answers:
		if a.hidden != "" {
			return out, fieldCertificate, "This PKCS #12 file cannot be opened. " + a.hidden
		}
		field, fault = pkcs12Fault(a.err, passphrase)
		return a.content, field, fault
	case <-late.C:
		return out, fieldCertificate, "This PKCS #12 file takes too long to open. Write it again: openssl pkcs12 -export -inkey key.pem -in cert.pem -certfile chain.pem -out new.p12."
	}
}

func decodePKCS12(b []byte, passphrase string) (out pkcs12Content, err error) {
	key, cert, above, err := pkcs12.DecodeChain(firstElement(b), passphrase)
	if err != nil {
		return out, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return out, errScheme
	}
	certs := append([]*x509.Certificate{cert}, above...)
	for i, c := range certs { // the certificate of the key need not be the first
		if sameKey(c.PublicKey, signer) {
			certs[0], certs[i] = certs[i], certs[0]
			break
		}
	}
	return pkcs12Content{signer, certs}, nil
}

// pkcs12Fault makes a sentence of why a file cannot be opened. It repeats nothing of the file.
func pkcs12Fault(err error, passphrase vpn.Secret) (field, fault string) {
	const convert = " Take it apart: openssl pkcs12 -in file.p12 -nodes prints the key and the certificates as PEM; add -legacy for an old file."
	var unknown pkcs12.NotImplementedError
	reason := ""
	if err != nil {
		reason = err.Error()
	}
	switch {
	case err == nil:
		return "", ""
	case (errors.Is(err, pkcs12.ErrIncorrectPassword) || errors.Is(err, errPassphrase)) && passphrase == "":
		return fieldPassphrase, "The PKCS #12 file is encrypted with a passphrase. Enter it here; it is used once and not stored."
	case errors.Is(err, pkcs12.ErrIncorrectPassword), errors.Is(err, pkcs12.ErrDecryption), errors.Is(err, errPassphrase):
		return fieldPassphrase, "The passphrase does not open the PKCS #12 file. Check capital letters and the keyboard layout."
	case strings.Contains(reason, "private key missing"):
		return fieldCertificate, "This PKCS #12 file has no private key." + convert
	case strings.Contains(reason, "certificate missing"):
		return fieldCertificate, "This PKCS #12 file has no certificate."
	case strings.Contains(reason, "exactly one key bag"):
		return fieldCertificate, "This PKCS #12 file has several private keys. Export the one certificate with its key."
	case strings.Contains(reason, "no MAC in data"):
		return fieldPassphrase, "This PKCS #12 file has no passphrase. Leave this box empty."
	case errors.As(err, &unknown), errors.Is(err, errScheme):
		return fieldCertificate, "This PKCS #12 file is of a kind that is not supported." + convert
	case strings.HasPrefix(reason, "x509: "):
		return fieldCertificate, "A certificate or key in this PKCS #12 file is unusual (" + strings.TrimPrefix(reason, "x509: ") + ")." + convert
	}
	return fieldCertificate, "This PKCS #12 file is damaged, or not all of it. Copy it again from its source."
}
