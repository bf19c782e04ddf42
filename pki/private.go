package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"

	"sallyport/vpn"
)

// readKey reads the one private key of PEM text: PKCS #8, PKCS #1 or SEC 1, not encrypted.
// Certificates beside it are left out: programs write both into one file.
func readKey(text string) (crypto.Signer, string) {
	key, _, fault := readKeyWith(text, "")
	return key, fault
}

// readKeyWith reads a private key that may be encrypted. The fault is a sentence for the box that field names.
func readKeyWith(text string, passphrase vpn.Secret) (key crypto.Signer, field, fault string) {
	blocks, fault := readBlocks(text, "the private key")
	if fault != "" {
		return nil, fieldKey, fault
	}
	return keyIn(blocks, passphrase)
}

func keyIn(blocks []block, passphrase vpn.Secret) (key crypto.Signer, field, fault string) {
	var found, other *block
	for i, b := range blocks {
		switch {
		case parameters(b.Type): // openssl ecparam writes them before the key
		case !strings.HasSuffix(b.Type, keySuffix):
			if other == nil || !certificateLabel(b.Type) {
				other = &blocks[i]
			}
		case found != nil:
			return nil, fieldKey, b.says("This holds several private keys. Paste the one that belongs to the certificate.")
		default:
			found = &blocks[i]
		}
	}
	switch {
	case other != nil && (found == nil || !certificateLabel(other.Type)):
		return nil, fieldKey, other.says(isNot(other.Type, "a private key"))
	case found == nil:
		return nil, fieldKey, "There is no private key in this text."
	}
	plain := found.Block
	if encryptedKey(plain) {
		if plain, field, fault = openKey(plain, passphrase); fault != "" {
			return nil, field, found.says(fault)
		}
	}
	key, fault = parseKey(plain)
	return key, fieldKey, found.says(fault)
}

const keyTypes = "Use RSA 2048 to 4096, ECDSA P-256 or ECDSA P-384."

// parseKey reads a key that is not encrypted by its content: some programs write PKCS #8 under the label of another form.
func parseKey(b *pem.Block) (crypto.Signer, string) {
	if b.Type == "OPENSSH PRIVATE KEY" || strings.HasPrefix(b.Type, "SSH2") {
		return nil, "This is an OpenSSH key. A certificate's key is in PEM form as openssl writes it."
	}
	der := firstElement(b.Bytes)
	if k, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		if s, ok := k.(crypto.Signer); ok {
			return s, ""
		}
		return nil, "This private key cannot sign, so it is not a certificate's key."
	}
	if k, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return k, ""
	}
	if k, err := x509.ParseECPrivateKey(der); err == nil {
		return k, ""
	}
	return unusualKey(b.Type, der)
}

// unusualKey reads what crypto/x509 does not, or says what it is.
func unusualKey(label string, der []byte) (crypto.Signer, string) {
	const damaged = "The private key is damaged: its PEM lines are intact but what they hold is not a key."
	if !soundDER(der) {
		return nil, damaged
	}
	var wrapped struct { // PKCS #8
		Version   int
		Algorithm struct {
			Algorithm  asn1.ObjectIdentifier
			Parameters asn1.RawValue `asn1:"optional"`
		}
		Key []byte
	}
	switch labelOf(der) {
	case "PRIVATE KEY":
		if _, err := asn1.Unmarshal(der, &wrapped); err != nil {
			return nil, damaged
		}
		switch {
		case wrapped.Algorithm.Algorithm.Equal(oidEC):
			return curveKey(wrapped.Algorithm.Parameters, wrapped.Key)
		case wrapped.Algorithm.Algorithm.Equal(oidRSA):
			_, err := x509.ParsePKCS1PrivateKey(wrapped.Key)
			return nil, rsaFault(err)
		case wrapped.Algorithm.Algorithm.Equal(oidRSAPSS):
			return nil, "This is a key for RSA-PSS alone, which not every OpenVPN client supports. " + keyTypes
		}
		return nil, "This is a key of a type that is not supported. " + keyTypes
	case "EC PRIVATE KEY":
		return curveKey(asn1.RawValue{}, der)
	case "RSA PRIVATE KEY":
		_, err := x509.ParsePKCS1PrivateKey(der)
		return nil, rsaFault(err)
	}
	if label == "DSA PRIVATE KEY" {
		return nil, "This is a DSA key, which OpenVPN clients do not support. " + keyTypes
	}
	if certificateLabel(labelOf(der)) {
		return nil, "This is a certificate, not a private key."
	}
	return nil, damaged
}

func rsaFault(err error) string {
	if err == nil {
		return "This is a key of a type that is not supported. " + keyTypes
	}
	return "The private key is intact, but no RSA key that can be used: " + strings.TrimPrefix(strings.TrimPrefix(err.Error(), "x509: "), "crypto/rsa: ") + ". Make a new key; RSA 2048 to 4096, ECDSA P-256 and ECDSA P-384 are supported."
}

var (
	oidRSA    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidRSAPSS = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
)

// curveKey reads a SEC 1 key whose curve is written out as its parameters, where these are the
// parameters of a curve that is supported. It comes out with the curve's name, as every key does.
func curveKey(outer asn1.RawValue, der []byte) (crypto.Signer, string) {
	var key struct {
		Version int
		Secret  []byte
		Curve   asn1.RawValue  `asn1:"optional,explicit,tag:0"`
		Public  asn1.BitString `asn1:"optional,explicit,tag:1"`
	}
	const named = "Make a key with a named curve: openssl ecparam -name prime256v1 -genkey -noout."
	if _, err := asn1.Unmarshal(der, &key); err != nil {
		return nil, "The private key is intact, but unusual: its elliptic curve is written out in a form that is not supported. " + named
	}
	if len(outer.FullBytes) == 0 {
		outer.FullBytes = key.Curve.Bytes
	}
	var name asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(outer.FullBytes, &name); err == nil {
		return nil, "Its key is on the elliptic curve " + objectName(name) + ", which not every OpenVPN client supports. " + keyTypes
	}
	var explicit struct {
		Version int
		Field   struct {
			Kind  asn1.ObjectIdentifier
			Prime asn1.RawValue
		}
		Curve struct {
			A, B []byte
			Seed asn1.BitString `asn1:"optional"`
		}
		Base  []byte
		Order *big.Int
	}
	prime := new(big.Int)
	if _, err := asn1.Unmarshal(outer.FullBytes, &explicit); err == nil {
		_, _ = asn1.Unmarshal(explicit.Field.Prime.FullBytes, &prime)
	}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384()} {
		p := curve.Params()
		if prime.Cmp(p.P) != 0 || explicit.Order == nil || explicit.Order.Cmp(p.N) != 0 || new(big.Int).SetBytes(explicit.Curve.B).Cmp(p.B) != 0 || !baseIs(p, explicit.Base) {
			continue
		}
		size := (p.BitSize + 7) / 8
		secret := new(big.Int).SetBytes(key.Secret)
		if secret.BitLen() > size*8 {
			break
		}
		if k, err := ecdsa.ParseRawPrivateKey(curve, secret.FillBytes(make([]byte, size))); err == nil {
			return k, ""
		}
	}
	return nil, "The private key is intact, but unusual: its elliptic curve is written out as explicit parameters, and it is neither P-256 nor P-384. " + named
}

// baseIs reports whether an encoded point is the base point of a curve.
func baseIs(p *elliptic.CurveParams, point []byte) bool {
	size := (p.BitSize + 7) / 8
	x, y := p.Gx.FillBytes(make([]byte, size)), p.Gy.FillBytes(make([]byte, size))
	return slices.Equal(point, slices.Concat([]byte{4}, x, y)) || slices.Equal(point, slices.Concat([]byte{2 + y[size-1]&1}, x))
}
