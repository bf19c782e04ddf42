package ovpn_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"testing"
	"time"

	"sallyport/vpn"
)

// authority is a CA of a test.
type authority struct {
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
	pem    string
	serial int64
}

type pair struct{ cert, key string }

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{serial: 1000}
	a.key = newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pem = block("CERTIFICATE", der)
	return a
}

// issue makes a certificate that is valid from and until these offsets from now.
func (a *authority) issue(t *testing.T, name string, usage x509.ExtKeyUsage, from, until time.Duration) pair {
	t.Helper()
	a.serial++
	key := newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(a.serial), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(until),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage}, BasicConstraintsValid: true,
	}, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{block("CERTIFICATE", der), block("PRIVATE KEY", keyDER)}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// serverKeys makes everything an endpoint needs.
func serverKeys(t *testing.T, ca *authority) vpn.Keys {
	t.Helper()
	server := ca.issue(t, "vpn.example.com", x509.ExtKeyUsageServerAuth, -time.Hour, time.Hour)
	var shared [256]byte
	var token [128]byte
	_, _ = rand.Read(shared[:])
	_, _ = rand.Read(token[:])
	static := "#\n# 2048 bit OpenVPN static key\n#\n-----BEGIN OpenVPN Static key V1-----\n"
	for i := range 16 {
		static += fmt.Sprintf("%x\n", shared[i*16:(i+1)*16])
	}
	static += "-----END OpenVPN Static key V1-----\n"
	return vpn.Keys{
		Certificate: server.cert, Key: vpn.Secret(server.key), ClientCA: ca.pem,
		TLSCrypt: vpn.Secret(static), TokenSecret: vpn.Secret(block("OpenVPN auth-token server key", token[:])),
	}
}
