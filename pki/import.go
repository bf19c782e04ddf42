package pki

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"sallyport/vpn"
)

// CheckImport judges what a person gave and gives it back in order: one certificate, its key as
// PKCS #8, and the path to its root without certificates that are not part of it. The certificate may be a PKCS #12 file, or
// PEM text with the chain and the key in it. A passphrase opens an encrypted key or file. A server needs
// its key; an authority and a client may come without. Every fault of the boxes is reported at once, as an
// Invalid *vpn.Error with fields certificate, private_key, passphrase and chain. now is the moment to judge
// dates by.
func (Maker) CheckImport(use vpn.CertificateUse, p vpn.KeyPair, passphrase vpn.Secret, now time.Time) (vpn.KeyPair, error) {
	var c vpn.Check
	given := readBoxes(&c, p, passphrase, use)
	judgeCertificate(&c, given.own, use, now)
	pair := vpn.KeyPair{Key: importKey(&c, given, use)}
	if !use.Valid() {
		c.Bad("use", "Choose what the certificate is for.")
	}
	if use != vpn.UseAuthority {
		pair.Chain = importChain(&c, p.Chain, given, use, now)
	}
	if err := c.Err(); err != nil {
		return vpn.KeyPair{}, err
	}
	pair.Certificate = encodeCertificate(given.own.Raw)
	return pair, nil
}

func judgeCertificate(c *vpn.Check, cert placed, use vpn.CertificateUse, now time.Time) {
	if cert.Certificate == nil {
		return
	}
	for _, judge := range []func() string{
		func() string { return keyFault(cert.Certificate) },
		func() string { return dateFault(cert.Certificate, now) },
		func() string { return signatureFault(cert.Certificate) },
		func() string { return usageFault(cert.Certificate, use) },
		func() string { return nameFault(cert.Certificate, use) },
	} {
		if fault := judge(); fault != "" {
			c.Bad(fieldCertificate, cert.says(fault))
			break // no signature is verified with a key that is refused
		}
	}
}

func dateFault(cert *x509.Certificate, now time.Time) string {
	switch {
	case now.After(cert.NotAfter):
		return "The certificate expired on " + day(cert.NotAfter) + "."
	case now.Before(cert.NotBefore):
		return "The certificate is not valid before " + day(cert.NotBefore) + "; check its dates and this host's clock."
	}
	return ""
}

func signatureFault(cert *x509.Certificate) string {
	switch {
	case weakSignature(cert):
		return "The certificate is signed with " + cert.SignatureAlgorithm.String() + ", which can be forged. Have it issued again with SHA-256."
	case cert.SignatureAlgorithm == x509.UnknownSignatureAlgorithm:
		return "The certificate is signed with " + signatureName(cert) + ", which is not supported. Have it issued again with SHA-256."
	}
	return ""
}

func usageFault(cert *x509.Certificate, use vpn.CertificateUse) string {
	switch use {
	case vpn.UseAuthority:
		switch {
		case mayIssue(cert) != "":
			return authorityFault(mayIssue(cert))
		case !selfSigned(cert):
			return "This authority was issued by " + nameOf(cert.Issuer.CommonName, cert.Issuer.String()) + ". OpenVPN anchors its trust in a self-signed authority only and would then accept everybody below that one; import a self-signed authority."
		case issuerFaultOf(cert, vpn.UseClient) != "":
			return authorityFault(issuerFaultOf(cert, vpn.UseClient))
		case publiclyTrusted(cert):
			return publicFault(cert)
		}
	case vpn.UseServer, vpn.UseClient:
		return leafFault(cert, use)
	}
	return ""
}

// authorityFault makes a sentence of what mayIssue and issuerFaultOf say.
func authorityFault(fault string) string {
	if strings.HasPrefix(fault, "is not a certificate authority") {
		return "This " + fault
	}
	return "This authority " + fault
}

func leafFault(cert *x509.Certificate, use vpn.CertificateUse) string {
	usage, role := x509.ExtKeyUsageClientAuth, "client"
	if use == vpn.UseServer {
		usage, role = x509.ExtKeyUsageServerAuth, "server"
	}
	_, hasUsage := extension(cert, oidKeyUsage)
	switch {
	case cert.IsCA:
		return "This is a certificate authority. Import the " + role + " certificate that it issued."
	case !slices.Contains(cert.ExtKeyUsage, usage):
		return "This certificate is not for " + role + "s: its extended key usage does not name " + role + " authentication, so OpenVPN would refuse it."
	case !hasUsage:
		return "The certificate has no key usage extension, so OpenVPN would refuse it (remote-cert-tls). Have it issued again with the key usage digital signature."
	case cert.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return "The certificate's key usage does not name digital signature, so OpenVPN or some of its clients would refuse it."
	case selfSigned(cert):
		return "This certificate signed itself. Import one that an authority issued, and that authority as the chain."
	}
	if fault := criticalFault(cert); fault != "" {
		return "The certificate " + fault
	}
	return netscapeFault(cert, use)
}

func nameFault(cert *x509.Certificate, use vpn.CertificateUse) string {
	if cert.Subject.CommonName == "" {
		if use == vpn.UseAuthority && len(cert.Subject.Names) > 0 { // OpenVPN asks for the name of server and client alone
			return ""
		}
		return "The certificate has no common name (CN) in its subject. OpenVPN names a peer by it; have the certificate issued again with one."
	}
	return vpn.CheckCommonName(cert.Subject.CommonName)
}

func importKey(c *vpn.Check, given boxes, use vpn.CertificateUse) vpn.Secret {
	key, cert := given.key, given.own
	switch {
	case !given.hasKey && use == vpn.UseServer:
		c.Bad(fieldKey, "Paste the private key in PEM form, or choose its file.")
		return ""
	case key == nil, cert.Certificate == nil:
		return ""
	case !sameKey(cert.PublicKey, key):
		label, _ := describeKey(key.Public())
		want, _ := describeKey(cert.PublicKey)
		fault := "This is not the key of the certificate."
		if label != want {
			fault = fmt.Sprintf("This is not the key of the certificate: it is %s and the certificate's is %s.", label, want)
		}
		c.Bad(fieldKey, fault)
		return ""
	}
	sealed, err := encodeKey(key)
	if err != nil {
		c.Bad(fieldKey, "This is a key of a type that is not supported.")
	}
	return sealed
}

// importChain finds the way from the certificate to its root among what was given.
func importChain(c *vpn.Check, text string, given boxes, use vpn.CertificateUse, now time.Time) string {
	cert, from := given.own.Certificate, given.beside
	switch {
	case text != "":
		certs, fault := readPlaced(text)
		if fault != "" {
			c.Bad(fieldChain, fault)
			return ""
		}
		from = append(certs, from...)
	case len(from) == 0:
		above := "the authority that issued this one"
		if cert != nil {
			above = nameOf(cert.Issuer.CommonName, cert.Issuer.String()) + ", which issued this one"
		}
		if use.Valid() && (cert != nil || !given.file && (!given.hasKey || !c.Has(fieldPassphrase))) {
			c.Bad(fieldChain, "Paste the certificate of "+above+": it is what the other side trusts.")
		}
		return ""
	}
	if cert == nil || c.Has(fieldCertificate) || !use.Valid() {
		return ""
	}
	path, fault := findChain(cert, from, use, now)
	if fault != "" {
		c.Bad(fieldChain, fault)
		return ""
	}
	var out strings.Builder
	for _, p := range path {
		out.WriteString(encodeCertificate(p.Raw))
	}
	return out.String()
}
