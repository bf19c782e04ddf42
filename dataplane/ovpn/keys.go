package ovpn

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
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

// inline gives the key material as OpenVPN's inline blocks. Each piece is decoded and encoded
// anew: text around or inside a PEM block (`</ca>` and a directive after it) has no way through.
func (c Config) inline() ([]byte, error) {
	if _, err := tls.X509KeyPair([]byte(c.Keys.Certificate), []byte(c.Keys.Key.Reveal())); err != nil {
		// The error of crypto/tls speaks of blocks and types, never of their content.
		return nil, fmt.Errorf("server certificate and key: %w", err)
	}
	chain, err := certificates(c.Keys.Certificate)
	if err != nil {
		return nil, fmt.Errorf("server certificate: %w", err)
	}
	ca := chain // OpenVPN demands a CA even where no client certificate is asked for
	if c.ClientCertificates {
		if ca, err = certificates(c.Keys.ClientCA); err != nil {
			return nil, fmt.Errorf("client CA: %w", err)
		}
	}
	key, err := privateKey(c.Keys.Key.Reveal())
	if err != nil {
		return nil, fmt.Errorf("server key: %w", err)
	}
	shared, err := staticKey(c.Keys.TLSCrypt.Reveal())
	if err != nil {
		return nil, fmt.Errorf("tls-crypt key: %w", err)
	}
	token, err := tokenKey(c.Keys.TokenSecret.Reveal())
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

func certificates(text string) ([]byte, error) {
	var out bytes.Buffer
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != certificateBlock {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, err
		}
		out.Write(pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: block.Bytes}))
	}
	if out.Len() == 0 {
		return nil, errors.New("no certificate in PEM form")
	}
	return out.Bytes(), nil
}

func privateKey(text string) ([]byte, error) {
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
func staticKey(text string) ([]byte, error) {
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

func tokenKey(text string) ([]byte, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != tokenBlock || len(block.Bytes) < 32 {
		return nil, fmt.Errorf("no %q in PEM form", tokenBlock)
	}
	return pem.EncodeToMemory(&pem.Block{Type: tokenBlock, Bytes: block.Bytes}), nil
}
