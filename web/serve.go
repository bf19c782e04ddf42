package web

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// shutdownTimeout is how long open requests may take after the program is told to stop.
const shutdownTimeout = 10 * time.Second

// Serve answers on a listener until ctx is cancelled, then lets open requests finish. A nil
// encryption serves plain HTTP, for loopback and for a trusted proxy on this host. Connections above a
// limit are closed; that of one client does not hold for proxies.
func Serve(ctx context.Context, l net.Listener, h http.Handler, encryption *tls.Config, proxies []netip.Prefix, limits Limits, log *slog.Logger) error {
	return serve(ctx, bound(l, proxies, limits), newServer(h, encryption, limits, log))
}

// newServer bounds how long a client may take for each part of a request: one that sends slowly keeps nothing from others.
func newServer(h http.Handler, encryption *tls.Config, limits Limits, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		TLSConfig:         encryption,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       limits.read,
		WriteTimeout:      limits.read + 30*time.Second, // it counts from the end of the header
		IdleTimeout:       limits.idle,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug), // TLS handshakes that clients abort
	}
}

func serve(ctx context.Context, l net.Listener, server *http.Server) error {
	ended := make(chan error, 1)
	go func() {
		if server.TLSConfig == nil {
			ended <- server.Serve(l)
			return
		}
		ended <- server.ServeTLS(l, "", "")
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close() // closes the connections that did not finish in time
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
