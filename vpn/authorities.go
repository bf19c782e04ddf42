package vpn

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
)

// Authorities are the certificates that OpenVPN is given to verify the clients of an endpoint with, by their
// fingerprints. A client can send others that complete its chain. Of such a certificate with an ECDSA signature
// it can make a second one that is as valid and has another fingerprint, so a fingerprint names the
// issuer of a client's certificate only where it is one of these: OpenVPN prefers them to what a client sends.
type Authorities map[string]bool

// AuthoritiesIn are the certificates in PEM texts.
func AuthoritiesIn(texts ...string) Authorities {
	out := Authorities{}
	for _, text := range texts {
		rest := []byte(text)
		for {
			var block *pem.Block
			if block, rest = pem.Decode(rest); block == nil {
				break
			}
			sum := sha256.Sum256(block.Bytes)
			out[hex.EncodeToString(sum[:])] = true
		}
	}
	return out
}

// With adds the authority that an endpoint requires, by its fingerprint.
func (a Authorities) With(required Issuer) Authorities {
	if required.Fingerprint != "" {
		a[BareFingerprint(required.Fingerprint)] = true
	}
	return a
}

// Verify is the login without its issuer where that is known from the client alone.
func (a Authorities) Verify(r LoginRequest) LoginRequest {
	if !a[BareFingerprint(r.Issuer)] {
		r.Issuer = ""
	}
	return r
}

// ownSerial is the length of a decimal serial number that no other certificate has: authorities that number
// their certificates at random use 64 bits or more, which are 17 to 49 digits but for one in three hundred.
const ownSerial = 17

// namesCertificate tells whether a serial number needs no issuer to name a certificate.
func namesCertificate(serial string) bool { return len(serial) >= ownSerial }
