package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sallyport/pki"
	"sallyport/web"
)

const selfSignedLife = 2 * 365 * 24 * time.Hour

// pemFiles are the paths of a certificate and its key.
type pemFiles struct{ certificate, key string }

// selfSignedFiles are the paths of a self-signed certificate.
func selfSignedFiles(dataDir, name string) pemFiles {
	return pemFiles{filepath.Join(dataDir, name+".crt"), filepath.Join(dataDir, name+".key")}
}

// listenerCertificate is where the certificate of a listener comes from.
type listenerCertificate struct {
	owner string   // subject of the sentences about it
	given pemFiles // empty: a self-signed one
	own   pemFiles // of the self-signed one
	hosts []string // names and addresses of the self-signed one
	must  string   // the one of them without which it is made again; "": none
	told  io.Writer
}

// listenerTLS returns the configured certificate, or a self-signed one, whose fingerprint is written to told.
func listenerTLS(l listenerCertificate, log *slog.Logger) (*tls.Config, error) {
	files := l.given
	if files.certificate == "" {
		files = l.own
		if err := pki.EnsureSelfSigned(files.certificate, files.key, l.hosts, l.must, selfSignedLife); err != nil {
			return nil, fmt.Errorf("self-signed certificate: %w", err)
		}
		text, err := os.ReadFile(files.certificate)
		if err != nil {
			return nil, err
		}
		fingerprint, err := pki.Fingerprint(string(text))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(l.told, "\n%s is self-signed. Compare before you trust it; SHA-256:\n\n  %s\n", l.owner, fingerprint)
	}
	c, err := web.LoadCertificate(files.certificate, files.key, log, time.Now)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%w: the console runs as user %d, which must be able to read both files", err, os.Getuid())
	}
	if err != nil {
		return nil, err
	}
	return c.TLSConfig(), nil
}

// listener is one of the two doors of the web process.
type listener struct {
	net.Listener
	handler    http.Handler
	encryption *tls.Config // nil: plain HTTP
	limits     web.Limits
}

// serveAll serves until ctx ends, or until one of the listeners fails.
func serveAll(ctx context.Context, listeners []listener, proxies []netip.Prefix, log *slog.Logger) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	errs := make([]error, len(listeners))
	var serving sync.WaitGroup
	for i, l := range listeners {
		serving.Go(func() {
			defer stop()
			errs[i] = web.Serve(ctx, l, l.handler, l.encryption, proxies, l.limits, log)
		})
	}
	serving.Wait()
	return errors.Join(errs...)
}
