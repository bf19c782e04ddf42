package main

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"

	"sallyport/config"
	"sallyport/control/access"
	"sallyport/control/endpoint"
)

// consoleTLS returns the console's certificate, nil for plain HTTP. The fingerprint of a self-signed one is written to told.
func consoleTLS(cfg config.Config, told io.Writer, log *slog.Logger) (*tls.Config, error) {
	if cfg.Console.PlainHTTP {
		return nil, nil
	}
	return listenerTLS(listenerCertificate{
		owner: "The console's certificate", given: pemFiles{cfg.Console.TLSCertificate, cfg.Console.TLSKey},
		own: selfSignedFiles(cfg.DataDir, "console"), hosts: certificateHosts(cfg), told: told,
	}, log)
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
	if host, err := os.Hostname(); err == nil {
		names = append(names, host)
	}
	return names
}

func consoleURL(cfg config.Config) string {
	host := cfg.Console.Listen
	if host.Addr().IsUnspecified() {
		if a := (endpoint.SystemResolver{}).OwnAddress(); a.IsValid() {
			host = netip.AddrPortFrom(a, host.Port())
		}
	}
	return schemeOf(cfg.Console.PlainHTTP) + "://" + host.String()
}

// setupLinkPlace is where set-up links of the console are written.
func setupLinkPlace(cfg config.Config, out io.Writer) access.SetupLinkPlace {
	return access.SetupLinkPlace{ConsoleURL: consoleURL(cfg), File: filepath.Join(cfg.DataDir, "setup-link"), Out: out}
}

func schemeOf(plain bool) string {
	if plain {
		return "http"
	}
	return "https"
}
