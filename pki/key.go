package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"

	"sallyport/vpn"
)

func generate(t vpn.KeyType) (crypto.Signer, error) {
	switch t {
	case vpn.RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	case vpn.RSA3072:
		return rsa.GenerateKey(rand.Reader, 3072)
	case vpn.RSA4096:
		return rsa.GenerateKey(rand.Reader, 4096)
	case vpn.ECDSAP256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case vpn.ECDSAP384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	}
	return nil, fmt.Errorf("unknown key type %q", string(t))
}

// encodeKey returns PKCS #8 PEM, which every OpenVPN client reads.
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

// describeKey returns the label of a public key and, where such a key is refused, the reason as a sentence. The labels are those of vpn.KeyType.
func describeKey(pub crypto.PublicKey) (label, fault string) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		bits := k.N.BitLen()
		label = fmt.Sprintf("RSA %d", bits)
		switch {
		case bits < 2048:
			fault = fmt.Sprintf("Its key has %d bits. RSA keys below 2048 bits can be broken, and OpenVPN's TLS library refuses them; make a new key with at least 2048 bits.", bits)
		case k.E > 1<<31-1:
			fault = "Its key has an exponent above 2147483647, which not every TLS library supports. Make a new key; the usual exponent is 65537."
		case bits > 4096:
			fault = fmt.Sprintf("Its key has %d bits. RSA keys above 4096 bits make every connection slow; make a new key with at most 4096 bits.", bits)
		}
	case *ecdsa.PublicKey:
		label = "ECDSA " + k.Curve.Params().Name
		if k.Curve != elliptic.P256() && k.Curve != elliptic.P384() {
			fault = "Its key is " + label + ", which not every OpenVPN client supports. " + keyTypes
		}
	default:
		label = keyName(pub)
		fault = "Its key is " + label + ", which not every OpenVPN client supports. " + keyTypes
	}
	return label, fault
}

// keyFault is describeKey's reason for a certificate, whose key may be of a type that crypto/x509 does
// not read.
func keyFault(c *x509.Certificate) string {
	if c.PublicKey != nil {
		_, fault := describeKey(c.PublicKey)
		return fault
	}
	var key struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	label := keyName(nil)
	if _, err := asn1.Unmarshal(c.RawSubjectPublicKeyInfo, &key); err == nil {
		label = objectName(key.Algorithm.Algorithm)
	}
	return "Its key is " + label + ", which not every OpenVPN client supports. " + keyTypes
}

func sameKey(pub crypto.PublicKey, key crypto.Signer) bool {
	a, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return false
	}
	b, err := x509.MarshalPKIXPublicKey(key.Public())
	return err == nil && bytes.Equal(a, b)
}
