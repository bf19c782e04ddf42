package pki

import (
	"crypto/x509"
	"net/netip"
	"time"

	"sallyport/vpn"
)

// SelfSigned creates a TLS server certificate for the console where none is configured: P-256, for
// the given host names and addresses, the first of which is the common name. It is not an
// authority, so a browser that trusts it trusts only this host.
func SelfSigned(hosts []string, validFor time.Duration) (vpn.KeyPair, error) {
	spec := vpn.CertificateSpec{CommonName: "sallyport", KeyType: vpn.ECDSAP256, ValidFor: validFor}
	if len(hosts) > 0 && len(hosts[0]) <= vpn.MaxCommonName {
		spec.CommonName = hosts[0]
	}
	template := templateOf(spec, time.Now())
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, h := range hosts {
		if addr, err := netip.ParseAddr(h); err == nil {
			template.IPAddresses = append(template.IPAddresses, addr.AsSlice())
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	key, err := generate(spec.KeyType)
	if err != nil {
		return vpn.KeyPair{}, err
	}
	return sign(template, template, key, key)
}
