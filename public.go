package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"sallyport/config"
	"sallyport/handlers/portal"
	"sallyport/web"
)

// listenPublic listens for the public pages. Nil, with the reason in cfg: they are not served, because they are not
// configured, or because the listener was not chosen and its port is taken.
func listenPublic(ctx context.Context, cfg *config.Public) (net.Listener, error) {
	if cfg.Off != "" {
		return nil, nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Listen.String())
	if err != nil && cfg.ByDefault {
		cfg.Off = fmt.Sprintf("The default port of the public pages cannot be had (%v): set public_listen.", err)
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("public_listen, where the public pages are served: %w", err)
	}
	return l, nil
}

// publicListener serves the public pages on a socket. The fingerprint of a self-signed certificate is written to told.
func publicListener(cfg config.Config, l net.Listener, services portal.Services, told io.Writer, log *slog.Logger) (listener, error) {
	out := listener{Listener: l, limits: web.PublicLimits, handler: web.NewPublic(web.PublicConfig{
		Services: services, Log: log, Now: time.Now, URL: cfg.Public.URL, Loopback: cfg.Public.Listen.Addr().IsLoopback(),
		PlainHTTP: cfg.Public.PlainHTTP, TrustedProxies: cfg.Console.TrustedProxies,
	})}
	if cfg.Public.PlainHTTP {
		return out, nil
	}
	var err error
	out.encryption, err = listenerTLS(listenerCertificate{
		owner: "The certificate of the public pages", given: pemFiles{cfg.Public.TLSCertificate, cfg.Public.TLSKey},
		own: selfSignedFiles(cfg.DataDir, "public"), hosts: publicHosts(cfg), must: cfg.Public.URL.Hostname(), told: told,
	}, log)
	return out, err
}

// publicHosts are the names and addresses of the self-signed certificate of the public pages.
func publicHosts(cfg config.Config) []string {
	hosts := []string{cfg.Public.URL.Hostname()}
	for _, h := range []string{"localhost", "127.0.0.1"} {
		if cfg.Public.Listen.Addr().IsLoopback() && h != hosts[0] {
			hosts = append(hosts, h)
		}
	}
	return hosts
}
