package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"sallyport/vpn"
)

// KeyType names a kind of key that we make. Its text is the value in forms and columns.
type KeyType string

// The key types of the product. OpenVPN on phones and older TLS libraries agree on these.
const (
	RSA2048   KeyType = "rsa-2048"
	RSA3072   KeyType = "rsa-3072"
	RSA4096   KeyType = "rsa-4096"
	ECDSAP256 KeyType = "ecdsa-p256"
	ECDSAP384 KeyType = "ecdsa-p384"
)

// KeyTypes lists every key type in the order a form offers them; the first is the default.
func KeyTypes() []KeyType { return []KeyType{ECDSAP256, ECDSAP384, RSA2048, RSA3072, RSA4096} }

// Label is the key type for a person, in the same words as Facts.KeyType: "ECDSA P-256".
func (t KeyType) Label() string {
	switch t {
	case RSA2048:
		return "RSA 2048"
	case RSA3072:
		return "RSA 3072"
	case RSA4096:
		return "RSA 4096"
	case ECDSAP256:
		return "ECDSA P-256"
	case ECDSAP384:
		return "ECDSA P-384"
	}
	return string(t)
}

func (t KeyType) generate() (crypto.Signer, error) {
	switch t {
	case RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	case RSA3072:
		return rsa.GenerateKey(rand.Reader, 3072)
	case RSA4096:
		return rsa.GenerateKey(rand.Reader, 4096)
	case ECDSAP256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case ECDSAP384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	}
	return nil, fmt.Errorf("unknown key type %q", string(t))
}

func (t KeyType) known() bool {
	for _, k := range KeyTypes() {
		if k == t {
			return true
		}
	}
	return false
}

// encodeKey gives PKCS #8 PEM, which every OpenVPN client reads.
func encodeKey(key crypto.Signer) (vpn.Secret, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("encode private key: %w", err)
	}
	return vpn.Secret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}

func encodeCertificate(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// describeKey gives the label of a public key and, where we do not take such a key, the reason
// as a sentence.
func describeKey(pub crypto.PublicKey) (label, fault string) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		bits := k.N.BitLen()
		label = fmt.Sprintf("RSA %d", bits)
		switch {
		case bits < 2048:
			fault = fmt.Sprintf("Its key has %d bits. RSA keys below 2048 bits can be broken, and OpenVPN's TLS library refuses them; make a new key with at least 2048 bits.", bits)
		case bits > 4096:
			fault = fmt.Sprintf("Its key has %d bits. RSA keys above 4096 bits make every connection slow; make a new key with at most 4096 bits.", bits)
		}
	case *ecdsa.PublicKey:
		label = "ECDSA " + k.Curve.Params().Name
		if k.Curve != elliptic.P256() && k.Curve != elliptic.P384() {
			fault = "Its key is " + label + ", which not every OpenVPN client supports. Use RSA 2048 to 4096, ECDSA P-256 or ECDSA P-384."
		}
	default:
		label = keyName(pub)
		fault = "Its key is " + label + ", which not every OpenVPN client supports. Use RSA 2048 to 4096, ECDSA P-256 or ECDSA P-384."
	}
	return label, fault
}
