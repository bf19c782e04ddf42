package pki

import (
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cryptobyte_asn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// What opening something encrypted may cost.
const (
	maxIterations = 3_000_000 // of all derivations of keys in a file together; a second or two of work
	openWithin    = 10 * time.Second
)

// derivationFault refuses a file whose passphrase would take too long to be tried. In PKCS #5 and PKCS #12 the number of
// iterations is the INTEGER behind the salt, an OCTET STRING; it is looked for at every depth, in the content of
// octet strings too. An element of any class with the number of OCTET STRING counts as one: go-pkcs12 compares no more. What is itself
// encrypted is not seen: see hiddenFault.
func derivationFault(der []byte) string {
	if n := iterationsIn(der, 0); n > maxIterations {
		return fmt.Sprintf("Its encryption asks for more than %d rounds to try the passphrase, more than any usual program writes. Encrypt it again with the default of OpenSSL.", maxIterations)
	}
	return ""
}

func iterationsIn(der cryptobyte.String, depth int) int {
	total, afterSalt := 0, false
	for !der.Empty() {
		var body cryptobyte.String
		var tag cryptobyte_asn1.Tag
		if depth > maxNesting || !der.ReadAnyASN1(&body, &tag) {
			return total
		}
		const constructed, number = 0x20, 0x1f
		octets := tag&number == cryptobyte_asn1.OCTET_STRING
		switch {
		case tag == cryptobyte_asn1.INTEGER && afterSalt:
			total += boundedInteger(body)
		case octets, tag&constructed != 0:
			total += iterationsIn(body, depth+1)
		}
		if total > maxIterations {
			return total
		}
		afterSalt = octets
	}
	return total
}

// boundedInteger reads a positive INTEGER, and gives a number above maxIterations for larger ones.
func boundedInteger(body []byte) int {
	n := 0
	for _, b := range body {
		if n = n<<8 | int(b); n > maxIterations {
			return maxIterations + 1
		}
	}
	return n
}
