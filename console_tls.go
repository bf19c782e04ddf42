package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"sallyport/config"
	"sallyport/pki"
	"sallyport/web"
)

const selfSignedLife = 2 * 365 * 24 * time.Hour

// consoleTLS gives the console's certificate: the configured one, or a self-signed one that is
// made at the first start and whose fingerprint is printed at each. Nil means plain HTTP, which
// config allows on loopback and behind a declared proxy only.
func consoleTLS(cfg config.Config, log *slog.Logger) (*tls.Config, error) {
	if cfg.Console.PlainHTTP {
		return nil, nil
	}
	cert, key := cfg.Console.TLSCertificate, cfg.Console.TLSKey
	if cert == "" {
		cert, key = filepath.Join(cfg.DataDir, "console.crt"), filepath.Join(cfg.DataDir, "console.key")
		if err := selfSign(cert, key, cfg); err != nil {
			return nil, fmt.Errorf("self-signed certificate: %w", err)
		}
		text, err := os.ReadFile(cert)
		if err != nil {
			return nil, err
		}
		fingerprint, err := pki.Fingerprint(string(text))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "\nThe console's certificate is self-signed. Compare before you trust it; SHA-256:\n\n  %s\n", fingerprint)
	}
	c, err := web.LoadCertificate(cert, key, log, time.Now)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%w: the console runs as user %d, who must be able to read both files", err, os.Getuid())
	}
	if err != nil {
		return nil, err
	}
	return c.TLSConfig(), nil
}

// selfSign makes the two files where they are missing or about to expire.
func selfSign(cert, key string, cfg config.Config) error {
	if text, err := os.ReadFile(cert); err == nil {
		facts, err := pki.Maker{}.Facts(string(text))
		const margin = 7 * 24 * time.Hour
		if _, missing := os.Stat(key); err == nil && missing == nil && time.Now().Add(margin).Before(facts.NotAfter) {
			return nil
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	hosts := []string{"localhost", "127.0.0.1"}
	if cfg.Public.Name != "" {
		hosts = append([]string{cfg.Public.Name}, hosts...)
	}
	if a := ownAddress(); a != "" {
		hosts = append(hosts, a)
	}
	pair, err := pki.SelfSigned(hosts, selfSignedLife)
	if err != nil {
		return err
	}
	if err := os.WriteFile(key, []byte(pair.Key.Reveal()), 0o600); err != nil {
		return err
	}
	return os.WriteFile(cert, []byte(pair.Certificate), 0o600)
}
