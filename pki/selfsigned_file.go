package pki

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"time"
)

// renewBefore is how long before its end a self-signed certificate is replaced.
const renewBefore = 7 * 24 * time.Hour

// EnsureSelfSigned writes a self-signed certificate and its key (both 0600) where a file is missing, the certificate
// cannot be read or does not name must (unless that is empty), or it ends within a week. Otherwise both files stay.
func EnsureSelfSigned(certFile, keyFile string, hosts []string, must string, validFor time.Duration) error {
	if text, err := os.ReadFile(certFile); err == nil {
		_, missing := os.Stat(keyFile)
		if missing == nil && isUsable(string(text), must, time.Now().Add(renewBefore)) {
			return nil
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	pair, err := SelfSigned(hosts, validFor)
	if err != nil {
		return err
	}
	if err := os.WriteFile(keyFile, []byte(pair.Key.Reveal()), 0o600); err != nil {
		return err
	}
	return os.WriteFile(certFile, []byte(pair.Certificate), 0o600)
}

// isUsable tells whether a certificate names a host, where one is given, and is valid until after a time.
func isUsable(text, host string, until time.Time) bool {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return false
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	return err == nil && until.Before(cert.NotAfter) && (host == "" || cert.VerifyHostname(host) == nil)
}
