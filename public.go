package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"sallyport/config"
	"sallyport/handlers/portal"
	"sallyport/web"
)

// openPublic listens for the public pages; nil where they are not served, which the log says with the reason.
func openPublic(ctx context.Context, cfg config.Config, services portal.Services, log *slog.Logger) (*listener, error) {
	if cfg.Public.Off != "" {
		log.WarnContext(ctx, "the public pages are not served: VPN clients cannot be signed in in a browser", "reason", cfg.Public.Off)
		return nil, nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Public.Listen.String())
	if err != nil && cfg.Public.ByDefault {
		log.WarnContext(ctx, "the public pages are not served, because their default port is taken: set public_listen", "err", err)
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("public_listen, where the public pages are served: %w", err)
	}
	out := &listener{Listener: l, handler: web.NewPublic(web.PublicConfig{ //nolint:contextcheck // each request brings its own
		Services: services, Log: log, Now: time.Now, URL: cfg.Public.URL, Loopback: cfg.Public.Listen.Addr().IsLoopback(),
		PlainHTTP: cfg.Public.PlainHTTP, TrustedProxies: cfg.Console.TrustedProxies,
	})}
	if cfg.Public.PlainHTTP {
		return out, nil
	}
	out.encryption, err = listenerTLS(listenerCertificate{
		owner: "The certificate of the public pages", given: pemFiles{cfg.Public.TLSCertificate, cfg.Public.TLSKey},
		own: selfSignedFiles(cfg.DataDir, "public"), hosts: publicHosts(cfg),
	}, log)
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	return out, nil
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
