package pki

import (
	"crypto/x509"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sallyport/vpn"
)

const (
	oneDay = 24 * time.Hour
	// maxValidity keeps dates within what 32-bit clients can count.
	maxValidity = 25 * 365 * oneDay
	// maxCommonName is X.520's bound; OpenSSL and OpenVPN cut or refuse longer ones.
	maxCommonName = 64
	maxDNSNames   = 32
)

func (s Spec) check() error {
	var c vpn.Check
	s.checkInto(&c)
	return c.Err()
}

// checkUnder also holds a certificate to the life of its authority: one that outlives it would
// stop working earlier than it says.
func (s Spec) checkUnder(issuer *x509.Certificate) error {
	var c vpn.Check
	s.checkInto(&c)
	if left := issuer.NotAfter.Sub(s.now()); s.ValidFor > left {
		c.Bad("valid_days", fmt.Sprintf("The authority itself expires on %s. Choose at most %d days.", day(issuer.NotAfter), int(left/oneDay)))
	}
	return c.Err()
}

func (s Spec) checkInto(c *vpn.Check) {
	if fault := commonNameFault(s.CommonName); fault != "" {
		c.Bad("common_name", fault)
	}
	if !s.KeyType.known() {
		c.Bad("key_type", "Choose one of the key types of the list.")
	}
	switch {
	case s.ValidFor < oneDay:
		c.Bad("valid_days", "Enter a validity of at least one day.")
	case s.ValidFor > maxValidity:
		c.Bad("valid_days", fmt.Sprintf("Enter a validity of at most %d days.", int(maxValidity/oneDay)))
	}
	if len(s.DNSNames) > maxDNSNames {
		c.Bad("dns_names", fmt.Sprintf("Enter at most %d names.", maxDNSNames))
		return
	}
	for _, n := range s.DNSNames {
		if !isHostName(n) {
			c.Bad("dns_names", "Enter host names such as vpn.example.com, one in each line; *.example.com stands for every name below example.com.")
		}
	}
}

// commonNameFault refuses what cannot travel: OpenVPN and its configuration files take a common
// name apart at quotes, backslashes and control characters.
func commonNameFault(cn string) string {
	switch {
	case strings.TrimSpace(cn) == "":
		return "Enter a common name (CN)."
	case strings.TrimSpace(cn) != cn:
		return "Remove the spaces around the common name."
	case !utf8.ValidString(cn):
		return "The common name is not valid UTF-8 text."
	case utf8.RuneCountInString(cn) > maxCommonName:
		return fmt.Sprintf("The common name has %d characters; certificates hold at most %d.", utf8.RuneCountInString(cn), maxCommonName)
	}
	for _, r := range cn {
		if !unicode.IsPrint(r) {
			return "The common name may not hold line breaks or other control characters."
		}
		if strings.ContainsRune("\"'\\<>`", r) {
			return fmt.Sprintf("The common name may not hold the character %c, which OpenVPN cannot carry safely.", r)
		}
	}
	return ""
}

func (s Spec) hostNames() []string {
	if len(s.DNSNames) > 0 {
		return s.DNSNames
	}
	if strings.Contains(s.CommonName, ".") && isHostName(s.CommonName) {
		return []string{s.CommonName}
	}
	return nil
}

// isHostName accepts a DNS name with an optional "*." in front.
func isHostName(name string) bool {
	name = strings.TrimPrefix(name, "*.")
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
				return false
			}
		}
	}
	return true
}
