package pki

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"sallyport/vpn"
)

// CheckImport judges what a person pasted and gives it back in order: one certificate, its key as
// PKCS #8, and the path to its root without certificates that are not part of it. A server needs its key; an authority
// and a client may come without. Every fault of the three boxes is reported at once, as an
// Invalid *vpn.Error with fields certificate, private_key and chain. now is the moment to judge
// dates by.
func (Maker) CheckImport(use vpn.CertificateUse, p vpn.KeyPair, now time.Time) (vpn.KeyPair, error) {
	var c vpn.Check
	cert := importCertificate(&c, p.Certificate, use, now)
	pair := vpn.KeyPair{Key: importKey(&c, p.Key.Reveal(), cert, use)}
	if cert == nil {
		return vpn.KeyPair{}, c.Err()
	}
	pair.Certificate = encodeCertificate(cert.Raw)
	if use != vpn.UseAuthority {
		pair.Chain = importChain(&c, p.Chain, cert, now)
	}
	if err := c.Err(); err != nil {
		return vpn.KeyPair{}, err
	}
	return pair, nil
}

func importCertificate(c *vpn.Check, text string, use vpn.CertificateUse, now time.Time) *x509.Certificate {
	certs, fault := readCertificates(text)
	if fault == "" && len(certs) > 1 {
		fault = fmt.Sprintf("This holds %d certificates. Leave only the first, the certificate itself, here and move its issuers into the chain box.", len(certs))
		if use == vpn.UseAuthority {
			fault = fmt.Sprintf("This holds %d certificates. Leave only the authority's own here.", len(certs))
		}
	}
	if fault != "" {
		c.Bad(fieldCertificate, fault)
		return nil
	}
	cert := certs[0]
	for _, judge := range []func() string{
		func() string { _, fault := describeKey(cert.PublicKey); return fault },
		func() string { return dateFault(cert, now) },
		func() string { return signatureFault(cert) },
		func() string { return usageFault(cert, use) },
		func() string { return nameFault(cert) },
	} {
		if fault := judge(); fault != "" {
			c.Bad(fieldCertificate, fault)
		}
	}
	return cert
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
	if weakSignature(cert) {
		return "The certificate is signed with " + cert.SignatureAlgorithm.String() + ", which can be forged. Have it issued again with SHA-256."
	}
	return ""
}

func usageFault(cert *x509.Certificate, use vpn.CertificateUse) string {
	switch use {
	case vpn.UseAuthority:
		switch {
		case !cert.IsCA:
			return "This is not a certificate authority: its basic constraints do not say CA."
		case cert.KeyUsage&x509.KeyUsageCertSign == 0:
			return "This authority may not sign certificates: its key usage does not name certificate signing."
		case !selfSigned(cert):
			return "This authority was issued by " + nameOf(cert.Issuer.CommonName, cert.Issuer.String()) + ". OpenVPN anchors its trust in a self-signed authority only and would then accept everybody below that one; import a self-signed authority."
		case publiclyTrusted(cert):
			return publicFault(cert)
		}
	case vpn.UseServer:
		return leafFault(cert, x509.ExtKeyUsageServerAuth, "server")
	case vpn.UseClient:
		return leafFault(cert, x509.ExtKeyUsageClientAuth, "client")
	default:
		return "Choose what the certificate is for."
	}
	return ""
}

func leafFault(cert *x509.Certificate, usage x509.ExtKeyUsage, role string) string {
	switch {
	case cert.IsCA:
		return "This is a certificate authority. Import the " + role + " certificate that it issued."
	case !slices.Contains(cert.ExtKeyUsage, usage):
		return "This certificate is not for " + role + "s: its extended key usage does not name " + role + " authentication, so OpenVPN would refuse it."
	case cert.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return "The certificate's key usage does not name digital signature, so OpenVPN would refuse it."
	case selfSigned(cert):
		return "This certificate signed itself. Import one that an authority issued, and that authority as the chain."
	}
	return ""
}

func nameFault(cert *x509.Certificate) string {
	if cert.Subject.CommonName == "" {
		return "The certificate has no common name (CN) in its subject. OpenVPN names a peer by it; have the certificate issued again with one."
	}
	return vpn.CheckCommonName(cert.Subject.CommonName)
}

func importKey(c *vpn.Check, text string, cert *x509.Certificate, use vpn.CertificateUse) vpn.Secret {
	if text == "" && use != vpn.UseServer {
		return ""
	}
	key, fault := readKey(text)
	switch {
	case fault != "":
	case cert == nil:
		return ""
	case !sameKey(cert.PublicKey, key):
		label, _ := describeKey(key.Public())
		want, _ := describeKey(cert.PublicKey)
		fault = "This is not the key of the certificate."
		if label != want {
			fault = fmt.Sprintf("This is not the key of the certificate: it is %s and the certificate's is %s.", label, want)
		}
	}
	if fault != "" {
		c.Bad(fieldKey, fault)
		return ""
	}
	sealed, err := encodeKey(key)
	if err != nil {
		c.Bad(fieldKey, "This is a key of a type that is not supported.")
	}
	return sealed
}

// importChain walks from the certificate to its root by signatures, then lets crypto/x509 judge
// the whole path as OpenSSL will.
func importChain(c *vpn.Check, text string, cert *x509.Certificate, now time.Time) string {
	if c.Has(fieldCertificate) {
		return ""
	}
	issuer := nameOf(cert.Issuer.CommonName, cert.Issuer.String())
	if text == "" {
		c.Bad(fieldChain, "Paste the certificate of "+issuer+", which issued this one: it is what the other side trusts.")
		return ""
	}
	given, fault := readCertificates(text)
	if fault != "" {
		c.Bad(fieldChain, fault)
		return ""
	}
	path, fault := walk(cert, given, now)
	if fault != "" {
		c.Bad(fieldChain, fault)
		return ""
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(path[len(path)-1])
	var out bytes.Buffer
	for _, p := range path {
		between.AddCert(p)
		out.WriteString(encodeCertificate(p.Raw))
	}
	if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		c.Bad(fieldChain, "The chain does not verify: an authority in it may not certify it ("+err.Error()+").")
		return ""
	}
	return out.String()
}

func walk(cert *x509.Certificate, given []*x509.Certificate, now time.Time) ([]*x509.Certificate, string) {
	var path []*x509.Certificate
	for at := cert; at == cert || !selfSigned(at); {
		i := slices.IndexFunc(given, func(p *x509.Certificate) bool {
			return bytes.Equal(p.RawSubject, at.RawIssuer) && !slices.Contains(path, p) && signedBy(at, p)
		})
		if i < 0 {
			return nil, missingIssuer(at, cert, given)
		}
		at = given[i]
		name := nameOf(at.Subject.CommonName, at.Subject.String())
		if _, fault := describeKey(at.PublicKey); fault != "" {
			return nil, "The chain's " + name + " is too weak. " + fault
		}
		if dateFault(at, now) != "" {
			return nil, "The chain's " + name + " is valid from " + day(at.NotBefore) + " to " + day(at.NotAfter) + " only."
		}
		if weakSignature(at) && !selfSigned(at) { // a root's own signature proves nothing and is not checked by anyone
			return nil, "The chain's " + name + " is signed with " + at.SignatureAlgorithm.String() + ", which can be forged."
		}
		path = append(path, at)
	}
	return path, ""
}

func signedBy(child, parent *x509.Certificate) bool {
	return parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature) == nil || weakSignature(child)
}

func missingIssuer(at, cert *x509.Certificate, given []*x509.Certificate) string {
	issuer := nameOf(at.Issuer.CommonName, at.Issuer.String())
	sameName := slices.ContainsFunc(given, func(p *x509.Certificate) bool { return bytes.Equal(p.RawSubject, at.RawIssuer) })
	switch {
	case at != cert:
		return "The chain ends at " + nameOf(at.Subject.CommonName, at.Subject.String()) + ", which " + issuer + " issued. Add the certificate of " + issuer + ", up to the self-signed root."
	case sameName:
		return "The chain's " + issuer + " has the right name but did not sign this certificate: it is another authority, or its key was renewed."
	}
	return "The chain does not belong to this certificate: it needs the certificate of " + issuer + "."
}
