package pki

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"strings"
)

// readKey reads the one private key of PEM text: PKCS #8, PKCS #1 or SEC 1, not encrypted.
func readKey(text string) (crypto.Signer, string) {
	blocks, fault := readBlocks(text, "the private key")
	if fault != "" {
		return nil, fault
	}
	var found *pem.Block
	for _, b := range blocks {
		switch {
		case b.Type == "EC PARAMETERS": // openssl ecparam writes it before the key
			continue
		case !strings.HasSuffix(b.Type, "PRIVATE KEY"):
			return nil, "This is " + blockName(b) + ", not a private key."
		case found != nil:
			return nil, "This holds several private keys. Paste the one that belongs to the certificate."
		}
		found = b
	}
	if found == nil {
		return nil, "There is no private key in this text."
	}
	return parseKey(found)
}

func parseKey(b *pem.Block) (crypto.Signer, string) {
	const damaged = "The private key is damaged: its PEM lines are intact but what they hold is not a key."
	switch {
	case b.Type == "ENCRYPTED PRIVATE KEY", strings.Contains(b.Headers["Proc-Type"], "ENCRYPTED"):
		return nil, "The private key is encrypted with a passphrase. Remove it first: openssl pkey -in key.pem -out plain.pem. It is encrypted again with this installation's own key before it is stored."
	case b.Type == "OPENSSH PRIVATE KEY":
		return nil, "This is an OpenSSH key. A certificate's key is in PEM form as openssl writes it."
	}
	switch b.Type {
	case "RSA PRIVATE KEY":
		if k, err := x509.ParsePKCS1PrivateKey(b.Bytes); err == nil {
			return k, ""
		}
	case "EC PRIVATE KEY":
		if k, err := x509.ParseECPrivateKey(b.Bytes); err == nil {
			return k, ""
		}
	case "PRIVATE KEY":
		if k, err := x509.ParsePKCS8PrivateKey(b.Bytes); err == nil {
			if s, ok := k.(crypto.Signer); ok {
				return s, ""
			}
			return nil, "This private key cannot sign, so it is not a certificate's key."
		}
	default:
		return nil, "This is a key of a type that is not supported. Use RSA 2048 to 4096, ECDSA P-256 or ECDSA P-384."
	}
	return nil, damaged
}
