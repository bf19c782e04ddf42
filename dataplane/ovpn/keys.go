package ovpn

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

const (
	certificateBlock = "CERTIFICATE"
	tokenBlock       = "OpenVPN auth-token server key" //nolint:gosec // the name of a PEM block
	staticBegin      = "-----BEGIN OpenVPN Static key V1-----"
	staticEnd        = "-----END OpenVPN Static key V1-----"
	staticBytes      = 256
	staticColumns    = 16
)

// inlineKeys returns the key material as OpenVPN's inline blocks. Each piece is decoded and encoded
// again, so that text around or inside a PEM block (`</ca>` and a directive after it) is dropped.
func (c Config) inlineKeys() ([]byte, error) {
	chain, err := encodeCertificates(c.Keys.Certificate)
	if err != nil {
		return nil, fmt.Errorf("server certificate: %w", err)
	}
	if err := checkPair(chain, c.Keys.Key.Reveal()); err != nil {
		return nil, fmt.Errorf("server certificate and key: %w", err)
	}
	ca := chain // OpenVPN demands a CA even where no client certificate is asked for
	if c.ClientCertificates {
		if ca, err = encodeCertificates(c.Keys.ClientCA); err != nil {
			return nil, fmt.Errorf("client CA: %w", err)
		}
	}
	key, err := encodePrivateKey(c.Keys.Key.Reveal())
	if err != nil {
		return nil, fmt.Errorf("server key: %w", err)
	}
	shared, err := encodeStaticKey(c.Keys.TLSCrypt.Reveal())
	if err != nil {
		return nil, fmt.Errorf("tls-crypt key: %w", err)
	}
	token, err := encodeTokenKey(c.Keys.TokenSecret.Reveal())
	if err != nil {
		return nil, fmt.Errorf("token secret: %w", err)
	}
	var b bytes.Buffer
	for _, p := range []struct {
		tag  string
		body []byte
	}{{"ca", ca}, {"cert", chain}, {"key", key}, {"tls-crypt", shared}, {"auth-gen-token-secret", token}} {
		fmt.Fprintf(&b, "<%s>\n%s</%s>\n", p.tag, p.body, p.tag)
	}
	return b.Bytes(), nil
}

// certificateParts is what is read of a certificate here. OpenSSL judges the rest; crypto/x509 refuses
// certificates that OpenSSL accepts.
type certificateParts struct {
	Signed struct {
		Version                                      int `asn1:"optional,explicit,default:0,tag:0"`
		Serial, Algorithm, Issuer, Validity, Subject asn1.RawValue
		Key                                          asn1.RawValue
	}
	Algorithm asn1.RawValue
	Signature asn1.BitString
}

func parseCertificate(der []byte) (certificateParts, error) {
	var parts certificateParts
	rest, err := asn1.Unmarshal(der, &parts)
	if err != nil {
		return parts, fmt.Errorf("not a certificate: %w", err)
	}
	if len(rest) > 0 {
		return parts, errors.New("not a certificate: bytes follow it")
	}
	return parts, nil
}

// checkPair returns an error where the private key does not belong to the first certificate. Its errors
// contain types, never key material.
func checkPair(certificate []byte, key string) error {
	block, _ := pem.Decode(certificate)
	parts, err := parseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	public, err := x509.ParsePKIXPublicKey(parts.Signed.Key.FullBytes)
	if err != nil {
		return fmt.Errorf("public key: %w", err)
	}
	text, err := encodePrivateKey(key)
	if err != nil {
		return err
	}
	block, _ = pem.Decode(text)
	private, err := parsePrivateKey(block.Bytes)
	if err != nil {
		return err
	}
	if own, ok := public.(interface{ Equal(crypto.PublicKey) bool }); !ok || !own.Equal(private.Public()) {
		return errors.New("the private key does not belong to the certificate")
	}
	return nil
}

func parsePrivateKey(der []byte) (crypto.Signer, error) {
	if k, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		if signer, ok := k.(crypto.Signer); ok {
			return signer, nil
		}
	}
	if k, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return k, nil
	}
	if k, err := x509.ParseECPrivateKey(der); err == nil {
		return k, nil
	}
	return nil, errors.New("the private key has an unknown form")
}

func encodeCertificates(text string) ([]byte, error) {
	var out bytes.Buffer
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != certificateBlock {
			continue
		}
		if _, err := parseCertificate(block.Bytes); err != nil {
			return nil, err
		}
		out.Write(pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: block.Bytes}))
	}
	if out.Len() == 0 {
		return nil, errors.New("no certificate in PEM form")
	}
	return out.Bytes(), nil
}

func encodePrivateKey(text string) ([]byte, error) {
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, errors.New("no private key in PEM form")
		}
		switch block.Type {
		case "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY":
			return pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}), nil
		}
	}
}

// staticKey reads a static key V1. It is no PEM: hex digits between PEM-like lines, 2048 bits
// in rows of 16 bytes.
func encodeStaticKey(text string) ([]byte, error) {
	_, rest, found := strings.Cut(text, staticBegin)
	digits, _, ended := strings.Cut(rest, staticEnd)
	if !found || !ended {
		return nil, errors.New("no OpenVPN static key V1")
	}
	key, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	if err != nil || len(key) != staticBytes {
		return nil, fmt.Errorf("an OpenVPN static key V1 has %d bytes in hex digits", staticBytes) // err would quote a digit
	}
	var b bytes.Buffer
	fmt.Fprintln(&b, staticBegin)
	for row := range staticBytes / staticColumns {
		fmt.Fprintf(&b, "%x\n", key[row*staticColumns:(row+1)*staticColumns])
	}
	fmt.Fprintln(&b, staticEnd)
	return b.Bytes(), nil
}

func encodeTokenKey(text string) ([]byte, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != tokenBlock || len(block.Bytes) < 32 {
		return nil, fmt.Errorf("no %q in PEM form", tokenBlock)
	}
	return pem.EncodeToMemory(&pem.Block{Type: tokenBlock, Bytes: block.Bytes}), nil
}
