package vpn

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	maxValidDays = 3650 * 2
	maxDNSNames  = 20
	day          = 24 * time.Hour
)

// Backdate is how long before its issue a certificate is valid, for hosts whose clock is slow.
const Backdate = time.Hour

// DefaultValidDays is the proposed validity of each use. Clients' are shorter than their
// authority's, so that an authority outlives what it issued.
var DefaultValidDays = map[CertificateUse]int{UseAuthority: 3650, UseServer: 825, UseClient: 365}

// CheckCertificateSpec checks a request for a certificate as typed and gives its name and the
// specification. Fields: use, name, common_name, dns_names, key_type, valid_days.
func CheckCertificateSpec(use CertificateUse, name, commonName, dnsNames string, key KeyType, validDays string) (string, CertificateSpec, error) {
	var c Check
	s := CertificateSpec{CommonName: strings.TrimSpace(commonName), KeyType: key}
	if !use.Valid() {
		c.Bad("use", "Choose what the certificate is for.")
	}
	if s.CommonName == "" {
		c.Bad("common_name", "Enter a common name (CN); it names the certificate's holder.")
	} else if fault := CheckCommonName(s.CommonName); fault != "" {
		c.Bad("common_name", fault)
	} else if _, device := DeviceNamed(s.CommonName); device {
		c.Bad("common_name", "Common names of this form are those of devices that users make in the self-service portal.")
	}
	if strings.TrimSpace(name) == "" {
		name = nameFromCommonName(s.CommonName)
	}
	name = checkName(&c, "name", name, false)
	if !key.Valid() {
		c.Bad("key_type", "Choose a key type. RSA 1024 is not offered: it is too weak, and OpenVPN refuses it.")
	}
	s.ValidFor = checkValidDays(&c, use, validDays)
	if use == UseServer {
		s.DNSNames = checkDNSNames(&c, dnsNames)
	}
	return name, s, c.Err()
}

func checkValidDays(c *Check, use CertificateUse, s string) time.Duration {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Duration(DefaultValidDays[use]) * day
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxValidDays {
		c.Bad("valid_days", fmt.Sprintf("The validity is a number of days from 1 to %d.", maxValidDays))
		return 0
	}
	return time.Duration(n) * day
}

func checkDNSNames(c *Check, s string) []string {
	names := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' || r == '\t' })
	if len(names) > maxDNSNames {
		c.Bad("dns_names", fmt.Sprintf("There are %d names; at most %d are possible.", len(names), maxDNSNames))
	}
	for _, n := range names {
		if CheckPublicName(strings.TrimPrefix(n, "*.")) != "" {
			c.Also("dns_names", fmt.Sprintf("%q is not a host name.", n))
		}
	}
	return names
}

// CheckImportName checks the parts of an import that are not PEM. Fields: name, use.
func CheckImportName(name string, use CertificateUse) (string, error) {
	var c Check
	if !use.Valid() {
		c.Bad("use", "Choose what the certificate is for.")
	}
	name = checkName(&c, "name", name, false)
	return name, c.Err()
}

// NewCertificate makes the record of a certificate that was created, issued or imported.
func NewCertificate(name string, use CertificateUse, authority CertificateID, pair KeyPair, f CertificateFacts, now time.Time) Certificate {
	if name == "" {
		name = nameFromCommonName(f.CommonName)
	}
	return Certificate{
		ID: NewCertificateID(), Name: name, Use: use, Authority: authority,
		CommonName: f.CommonName, DNSNames: f.DNSNames, Issuer: f.Issuer, Serial: f.Serial, Fingerprint: f.Fingerprint,
		KeyType: f.KeyType, NotBefore: f.NotBefore, NotAfter: f.NotAfter,
		PEM: pair.Certificate, Chain: pair.Chain, HasKey: pair.Key != "", CreatedAt: now,
	}
}

// Backdated tells whether the certificate was issued here, and so is valid from Backdate before its issue.
func (c Certificate) Backdated() bool {
	return c.Authority != "" || c.CreatedAt.Sub(c.NotBefore).Round(time.Minute) == Backdate
}

// EndingWith is the specification of a certificate whose validity was not typed: it does not end after the authority that signs it.
func (s CertificateSpec) EndingWith(authority Certificate, now time.Time) CertificateSpec {
	s.ValidFor = min(s.ValidFor, max(authority.NotAfter.Sub(now).Truncate(time.Second), 0))
	return s
}

// CheckSigner reports whether c can issue a certificate of the given validity. Field: authority,
// valid_days.
func (c Certificate) CheckSigner(s CertificateSpec, now time.Time) error {
	var check Check
	switch {
	case c.Use != UseAuthority:
		check.Bad("authority", c.Label()+" is not a certificate authority.")
	case !c.HasKey:
		check.Bad("authority", "The private key of "+c.Label()+" is not kept here, so it cannot issue.")
	case c.Expired(now):
		check.Bad("authority", c.Label()+" has expired.")
	case now.Add(s.ValidFor).After(c.NotAfter):
		left := int(c.NotAfter.Sub(now) / day)
		check.Bad("valid_days", fmt.Sprintf("The authority itself ends in %d days; a certificate cannot outlive it.", left))
	}
	return check.Err()
}

// FileBase is a file name without ending for downloads of the certificate.
func (c Certificate) FileBase() string {
	if base := fileBase(c.CommonName); base != "" {
		return base
	}
	return string(c.ID)
}

// fileBase makes a name a part of a file name that every system takes; empty where nothing of it is left.
func fileBase(name string) string {
	base := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		default:
			return '-'
		}
	}, name)
	return strings.Trim(base, "-.")
}
