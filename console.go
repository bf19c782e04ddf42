package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"sallyport/config"
	"sallyport/control/access"
	"sallyport/control/endpoint"
	"sallyport/pki"
	"sallyport/web"
)

const selfSignedLife = 2 * 365 * 24 * time.Hour

// consoleTLS returns the console's certificate: the configured one, or a self-signed one, whose fingerprint is printed
// at every start. Nil means plain HTTP, which config allows only on loopback and behind a declared proxy.
func consoleTLS(cfg config.Config, log *slog.Logger) (*tls.Config, error) {
	if cfg.Console.PlainHTTP {
		return nil, nil
	}
	cert, key := cfg.Console.TLSCertificate, cfg.Console.TLSKey
	if cert == "" {
		cert, key = filepath.Join(cfg.DataDir, "console.crt"), filepath.Join(cfg.DataDir, "console.key")
		if err := pki.EnsureSelfSigned(cert, key, certificateHosts(cfg), selfSignedLife); err != nil {
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
		return nil, fmt.Errorf("%w: the console runs as user %d, which must be able to read both files", err, os.Getuid())
	}
	if err != nil {
		return nil, err
	}
	return c.TLSConfig(), nil
}

// certificateHosts are the names and addresses of the self-signed certificate.
func certificateHosts(cfg config.Config) []string {
	hosts := []string{"localhost", "127.0.0.1"}
	if cfg.Public.Name != "" {
		hosts = append([]string{cfg.Public.Name}, hosts...)
	}
	if a := (endpoint.SystemResolver{}).OwnAddress(); a.IsValid() {
		hosts = append(hosts, a.String())
	}
	return hosts
}

// consoleNames are the host names that the console answers to.
func consoleNames(cfg config.Config) []string {
	names := append([]string{cfg.Public.Name, cfg.Node.Name}, cfg.Console.Names...)
	if cfg.Public.URL != nil {
		names = append(names, cfg.Public.URL.Hostname())
	}
	if host, err := os.Hostname(); err == nil {
		names = append(names, host)
	}
	return names
}

func consoleURL(cfg config.Config) string {
	scheme := "https"
	if cfg.Console.PlainHTTP {
		scheme = "http"
	}
	host := cfg.Console.Listen
	if host.Addr().IsUnspecified() {
		if a := (endpoint.SystemResolver{}).OwnAddress(); a.IsValid() {
			host = netip.AddrPortFrom(a, host.Port())
		}
	}
	return scheme + "://" + host.String()
}

// setupLinkPlace is where set-up links of the console are written.
func setupLinkPlace(cfg config.Config, out io.Writer) access.SetupLinkPlace {
	return access.SetupLinkPlace{ConsoleURL: consoleURL(cfg), File: filepath.Join(cfg.DataDir, "setup-link"), Out: out}
}
