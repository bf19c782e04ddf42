package pki

import (
	"crypto/x509"
	"net/netip"
	"time"
)

// SelfSigned makes a TLS server certificate for the console where none is configured: P-256, for
// the given host names and addresses, the first of which is the common name. It is not an
// authority, so trusting it in a browser trusts this one host only.
func SelfSigned(hosts []string, validFor time.Duration) (Pair, error) {
	if len(hosts) == 0 {
		hosts = []string{"localhost"}
	}
	name := hosts[0]
	if len(name) > maxCommonName {
		name = "sallyport"
	}
	spec := Spec{CommonName: name, KeyType: ECDSAP256, ValidFor: validFor}
	if err := spec.check(); err != nil {
		return Pair{}, err
	}
	template := spec.template()
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, h := range hosts {
		if addr, err := netip.ParseAddr(h); err == nil {
			template.IPAddresses = append(template.IPAddresses, addr.AsSlice())
		} else if isHostName(h) {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	key, err := spec.KeyType.generate()
	if err != nil {
		return Pair{}, err
	}
	return sign(template, template, key, key)
}
