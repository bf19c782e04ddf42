package dataplane

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/vpn"
)

// keys is key material that OpenVPN takes, made once.
var keys = sync.OnceValues(makeKeys)

func makeKeys() (vpn.Keys, error) {
	now := time.Now()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server"}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return vpn.Keys{}, err
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return vpn.Keys{}, err
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return vpn.Keys{}, err
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &leafKey.PublicKey, caKey)
	if err != nil {
		return vpn.Keys{}, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		return vpn.Keys{}, err
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	static, token := make([]byte, 256), make([]byte, 128)
	_, _ = rand.Read(static)
	_, _ = rand.Read(token)
	return vpn.Keys{
		Certificate: block("CERTIFICATE", leafDER), Key: vpn.Secret(block("PRIVATE KEY", keyDER)), ClientCA: block("CERTIFICATE", caDER),
		TLSCrypt:    vpn.Secret("-----BEGIN OpenVPN Static key V1-----\n" + hex.EncodeToString(static) + "\n-----END OpenVPN Static key V1-----\n"),
		TokenSecret: vpn.Secret(block("OpenVPN auth-token server key", token)),
	}, nil
}

// desiredOf is an endpoint with one association with the sandbox's network and a rule for it.
func desiredOf(t testing.TB, id vpn.EndpointID, port uint16, client string) vpn.Desired {
	t.Helper()
	k, err := keys()
	if err != nil {
		t.Fatal(err)
	}
	subnet := netip.MustParsePrefix("10.0.1.0/24")
	digits := strings.TrimPrefix(string(id), "cvpn-endpoint-")
	return vpn.Desired{
		Endpoint: id, Generation: 5, Listen: vpn.Listen{Addr: netip.IPv4Unspecified(), Transport: vpn.UDP, Port: port},
		ClientCIDR: netip.MustParsePrefix(client), Blocks: vpn.AllBlocks(), Keys: k, SourceNAT: true, SessionTimeout: time.Hour,
		Associations: []vpn.DesiredAssociation{{ID: vpn.AssociationID("cvpn-assoc-" + digits), Subnet: subnet, Routes: []netip.Prefix{subnet}}},
		Rules:        []vpn.DesiredRule{{ID: vpn.RuleID("cvpn-rule-" + digits), Destination: subnet, AllUsers: true}},
	}
}
