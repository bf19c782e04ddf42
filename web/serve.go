package web

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// stopIn is how long requests under way may take once the program is told to stop.
const stopIn = 10 * time.Second

// Serve answers on a listener until ctx ends, then lets requests under way finish. A nil
// encryption serves plain HTTP, which is for loopback and for a trusted proxy on this host.
func Serve(ctx context.Context, l net.Listener, h http.Handler, encryption *tls.Config, log *slog.Logger) error {
	server := &http.Server{
		Handler:           h,
		TLSConfig:         encryption,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      90 * time.Second, // longer than reading: it counts from the header's end
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug), // handshakes that strangers break off
	}
	ended := make(chan error, 1)
	go func() {
		if encryption == nil {
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
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopIn)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close() // the connections that did not finish in time
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
