package vpn

import (
	"crypto/sha1" //nolint:gosec // key identifiers, as RFC 5280 makes them
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"
)

// Authorities are the certificates that OpenVPN is given to verify the clients of an endpoint with: their
// fingerprints, with the KeyDigest of each. A client can send others that complete its chain. Of such a certificate with an ECDSA signature
// it can make a second one that is as valid and has another fingerprint, so a fingerprint names the
// issuer of a client's certificate only where it is one of these: OpenVPN prefers them to what a client sends.
type Authorities map[string]string

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
			out[hex.EncodeToString(sum[:])] = KeyDigest(block.Bytes)
		}
	}
	return out
}

// With adds the authorities that an endpoint requires.
func (a Authorities) With(required ...Issuer) Authorities {
	for _, r := range required {
		if r.Fingerprint != "" {
			a[BareFingerprint(r.Fingerprint)] = r.Key
		}
	}
	return a
}

// Verify is the login with the keys of the issuers in its chain, and without the issuer where that is known from the client alone.
// It tells where the chain ends at none of the authorities.
func (a Authorities) Verify(r LoginRequest) LoginRequest {
	key, known := a[BareFingerprint(r.Issuer)]
	if !known {
		r.Issuer = ""
	}
	r.IssuerKey, r.IssuerID, r.Above = key, "", nil
	if key == "" && len(r.Chain) > 0 {
		r.IssuerID = r.Chain[0].KeyID
	}
	r.Outdated = len(r.Chain) > 0 && !known && !slices.ContainsFunc(r.Chain, func(c ChainCertificate) bool {
		_, trusted := a[BareFingerprint(c.Fingerprint)]
		return trusted
	})
	for i := 0; i+1 < len(r.Chain); i++ { // the last is the root: no other authority can revoke it
		n := CertificateNumber{IssuerKey: a[BareFingerprint(r.Chain[i+1].Fingerprint)], Serial: r.Chain[i].Serial}
		if n.IssuerKey == "" {
			n.IssuerID = r.Chain[i+1].KeyID
		}
		r.Above = append(r.Above, n)
	}
	return r
}

// AuthorityOf is the one of authorities, by KeyDigest, that a client comes by: of those in its chain the closest to its certificate. issuerKey and
// above are as a Connection has them. Empty: none of them is in it.
func AuthorityOf(issuerKey string, above []CertificateNumber, authorities ...string) string {
	for _, c := range append([]CertificateNumber{{IssuerKey: issuerKey}}, above...) {
		if c.IssuerKey != "" && slices.Contains(authorities, c.IssuerKey) {
			return c.IssuerKey
		}
	}
	return ""
}

// publicKey reads the public key of a certificate (SubjectPublicKeyInfo), also of one that crypto/x509 refuses; nil for what is none.
func publicKey(der []byte) []byte {
	var c struct {
		Signed struct {
			Version                                           int `asn1:"optional,explicit,default:0,tag:0"`
			Serial, Algorithm, Issuer, Validity, Subject, Key asn1.RawValue
			Others                                            []asn1.RawValue `asn1:"optional"`
		}
		Algorithm, Signature asn1.RawValue
	}
	if _, err := asn1.Unmarshal(der, &c); err != nil {
		return nil
	}
	return c.Signed.Key.FullBytes
}

// KeyIdentifiers are the key identifiers that certificates of an authority can have, hex, separated by spaces: the one that this certificate has,
// and those that programs make of its key (RFC 5280, 4.2.1.2, and RFC 7093).
func KeyIdentifiers(der []byte) string {
	var ids []string
	add := func(id []byte) {
		if text := hex.EncodeToString(id); text != "" && !slices.Contains(ids, text) {
			ids = append(ids, text)
		}
	}
	if c, err := x509.ParseCertificate(der); err == nil {
		add(c.SubjectKeyId)
	}
	key := publicKey(der)
	var info struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(key, &info); err == nil {
		bits := info.Key.RightAlign()
		short, long, whole := sha1.Sum(bits), sha256.Sum256(bits), sha256.Sum256(key) //nolint:gosec // identifiers, as the standards make them
		add(short[:])
		add(long[:20])
		add(long[:])
		add(whole[:20])
	}
	return strings.Join(ids, " ")
}

// KeyDigest is the SHA-256 of the public key in a certificate (SubjectPublicKeyInfo), hex; empty for what is no
// certificate. An authority that is renewed with its key keeps it. It reads what crypto/x509 refuses as well.
func KeyDigest(der []byte) string {
	key := publicKey(der)
	if key == nil {
		return ""
	}
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:])
}

// ownSerial is the length of a decimal serial number that no other certificate has: authorities that number
// their certificates at random use 64 bits or more, which are 17 to 49 digits but for one in three hundred.
const ownSerial = 17

// namesCertificate tells whether a serial number needs no issuer to name a certificate.
func namesCertificate(serial string) bool { return len(serial) >= ownSerial }
