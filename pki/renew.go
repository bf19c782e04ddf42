package pki

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"slices"
	"time"

	"sallyport/vpn"
)

// Renew makes a certificate anew: same names, usages and constraints, another validity. It keeps the key of old, or makes
// one of the given type. authority has signed old and signs again; for an authority that signed itself it is zero. An authority
// keeps its serial number besides: certificates may name their issuer by it. Its key must stay, so newKey is not for it.
func (Maker) Renew(authority, old vpn.KeyPair, newKey vpn.KeyType, validFor time.Duration, now time.Time) (vpn.KeyPair, error) {
	certs, fault := readCertificates(old.Certificate)
	if fault != "" {
		return vpn.KeyPair{}, fmt.Errorf("read certificate: %s", fault)
	}
	was := certs[0]
	key, err := renewedKey(old.Key, newKey)
	if err != nil {
		return vpn.KeyPair{}, err
	}
	template := renewalOf(was, validFor, now)
	if authority.Certificate == "" {
		template.SerialNumber = was.SerialNumber
		if !sameKey(was.PublicKey, key) {
			return vpn.KeyPair{}, fmt.Errorf("the key of authority %q does not match its certificate", was.Subject.String())
		}
		return sign(template, template, key, key)
	}
	issuer, signer, err := openAuthority(authority)
	if err != nil {
		return vpn.KeyPair{}, err
	}
	pair, err := sign(template, issuer, key, signer)
	if err != nil {
		return vpn.KeyPair{}, err
	}
	pair.Chain = encodeCertificate(issuer.Raw) + authority.Chain
	return pair, nil
}

func renewedKey(kept vpn.Secret, newKey vpn.KeyType) (crypto.Signer, error) {
	if newKey != "" {
		return generate(newKey)
	}
	key, fault := readKey(kept.Reveal())
	if fault != "" {
		return nil, fmt.Errorf("read private key: %s", fault)
	}
	return key, nil
}

// renewalOf is what a renewed certificate has in common with the one before, with new dates and another serial number.
func renewalOf(was *x509.Certificate, validFor time.Duration, now time.Time) *x509.Certificate {
	t := &x509.Certificate{
		SerialNumber: newSerial(), Subject: was.Subject, RawSubject: was.RawSubject,
		NotBefore: now.UTC().Add(-vpn.Backdate), NotAfter: now.UTC().Add(validFor),
		BasicConstraintsValid: true, IsCA: was.IsCA, MaxPathLen: was.MaxPathLen, MaxPathLenZero: was.MaxPathLenZero,
		KeyUsage: was.KeyUsage, ExtKeyUsage: was.ExtKeyUsage, UnknownExtKeyUsage: was.UnknownExtKeyUsage,
	}
	if mayIssue(was) == "" {
		t.IsCA, t.SubjectKeyId = true, was.SubjectKeyId
		if !was.BasicConstraintsValid || was.MaxPathLen == 0 && !was.MaxPathLenZero {
			t.MaxPathLen = -1
		}
	}
	// As they are, byte by byte: crypto/x509 does not write every kind of name.
	for _, id := range [][]int{{2, 5, 29, 17}, {2, 5, 29, 30}, {2, 5, 29, 32}} {
		if i := slices.IndexFunc(was.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(id) }); i >= 0 {
			t.ExtraExtensions = append(t.ExtraExtensions, was.Extensions[i])
		}
	}
	return t
}
