package admin

import (
	"math/big"
	"net/url"
	"strings"

	"sallyport/vpn"
)

// RevocationListPath is the revocation list of an authority of a certificate's chain, or a page below it. An empty key stands for the
// issuer, or the certificate itself where it is an authority.
func RevocationListPath(id vpn.CertificateID, key string, below ...string) string {
	path := CertificatePath(id, append([]string{"revocation-list"}, below...)...)
	if key != "" {
		path += "?" + url.Values{"authority": {key}}.Encode()
	}
	return path
}

// SerialIsLong tells whether a serial number has no room in one line of a telephone: 16 bytes have, 20 bytes only in hexadecimal.
func SerialIsLong(serial string) bool {
	return len(serial) > len("340282366920938463463374607431768211455")
}

// SerialHex is a serial number in hexadecimal, as OpenSSL prints it.
func SerialHex(serial string) string {
	n, ok := new(big.Int).SetString(serial, 10)
	if !ok {
		return ""
	}
	digits := strings.ToUpper(n.Text(16))
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	return digits
}
