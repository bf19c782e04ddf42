package pki

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"strings"

	"sallyport/vpn"
)

// boxes is what an import gives, read from the boxes of the form or from a PKCS #12 file.
type boxes struct {
	own    placed   // the certificate itself; no certificate where it cannot be read
	beside []placed // further certificates of its box, which belong to its chain
	key    crypto.Signer
	hasKey bool // one was given, readable or not
	file   bool // they are from a PKCS #12 file, readable or not, which may have the chain as well
}

// readBoxes reads the boxes of the certificate and of its key. In the box of the certificate may stand all of it: the
// certificate, its chain in any order, and its key where the box of the key is empty.
func readBoxes(c *vpn.Check, p vpn.KeyPair, passphrase vpn.Secret, use vpn.CertificateUse) boxes {
	keyText := p.Key.Reveal()
	if len(p.Certificate) <= maxText && labelOf([]byte(p.Certificate)) == labelPKCS12 {
		return fromPKCS12(c, p.Certificate, keyText, passphrase)
	}
	blocks, fault := readBlocks(p.Certificate, "the certificate")
	if fault != "" {
		c.Bad(fieldCertificate, fault)
	}
	out := boxes{hasKey: keyText != ""}
	certificates, keys := splitKeys(blocks)
	field := ""
	switch {
	case keyText != "":
		out.key, field, fault = readKeyWith(keyText, passphrase)
		certificates = blocks
	case len(keys) > 0 && len(certificates) > 0:
		out.hasKey = true
		out.key, field, fault = keyIn(keys, passphrase)
	default:
		certificates, fault = blocks, ""
	}
	if field != "" && fault != "" {
		c.Bad(field, fault)
	}
	if len(certificates) == 0 {
		return out
	}
	certs, fault := certificatesIn(certificates)
	if fault != "" {
		c.Bad(fieldCertificate, fault)
		return out
	}
	i, fault := ownAmong(certs, out.key, use)
	if fault != "" {
		c.Bad(fieldCertificate, fault)
		return out
	}
	out.own = certs[i]
	out.beside = append(certs[:i:i], certs[i+1:]...)
	return out
}

func splitKeys(blocks []block) (certificates, keys []block) {
	for _, b := range blocks {
		if strings.HasSuffix(b.Type, keySuffix) {
			keys = append(keys, b)
		} else {
			certificates = append(certificates, b)
		}
	}
	return certificates, keys
}

// ownAmong finds the certificate that an import is about among several: that of the key, or the only one of its use.
func ownAmong(certs []placed, key crypto.Signer, use vpn.CertificateUse) (int, string) {
	if len(certs) == 1 {
		return 0, ""
	}
	fits := func(c *x509.Certificate) bool { return !c.IsCA }
	if use == vpn.UseAuthority {
		fits = selfSigned
	}
	found, n := -1, 0
	for i, c := range certs {
		if key != nil && sameKey(c.PublicKey, key) {
			return i, ""
		}
		if fits(c.Certificate) {
			n++
			if found < 0 {
				found = i
			}
		}
	}
	if n == 1 {
		return found, ""
	}
	at := certs[1]
	if use == vpn.UseAuthority {
		return 0, at.says(fmt.Sprintf("This holds %d certificates, and not exactly one of them is a self-signed authority. Leave only the authority's own here.", len(certs)))
	}
	return 0, at.says(fmt.Sprintf("This holds %d certificates, and which one is meant is not certain: %d of them are no authority. Leave the certificate itself and its issuers here.", len(certs), n))
}

func fromPKCS12(c *vpn.Check, file, keyText string, passphrase vpn.Secret) boxes {
	out := boxes{hasKey: true, file: true}
	if keyText != "" {
		c.Bad(fieldKey, "The PKCS #12 file of the certificate has a key in it. Leave this box empty.")
		return out
	}
	content, field, fault := readPKCS12([]byte(file), passphrase)
	if fault != "" {
		c.Bad(field, fault)
		return out
	}
	out.key, out.own = content.key, placed{Certificate: content.certs[0]}
	for _, above := range content.certs[1:] {
		out.beside = append(out.beside, placed{Certificate: above})
	}
	return out
}
