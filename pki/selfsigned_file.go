package pki

import (
	"errors"
	"os"
	"time"
)

// renewBefore is how long before its end a self-signed certificate is replaced.
const renewBefore = 7 * 24 * time.Hour

// EnsureSelfSigned writes a self-signed certificate and its key (both 0600) where a file is missing, the certificate
// cannot be read, or it ends within a week. Otherwise both files stay.
func EnsureSelfSigned(certFile, keyFile string, hosts []string, validFor time.Duration) error {
	if text, err := os.ReadFile(certFile); err == nil {
		facts, err := Maker{}.Facts(string(text))
		if _, missing := os.Stat(keyFile); err == nil && missing == nil && time.Now().Add(renewBefore).Before(facts.NotAfter) {
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
