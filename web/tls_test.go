package web_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/pki"
	"sallyport/web"
)

func writePair(t testing.TB, dir, host string) (certFile, keyFile string) {
	t.Helper()
	pair, err := pki.SelfSigned([]string{host}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, text := range map[string]string{certFile: pair.Certificate, keyFile: pair.Key.Reveal()} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// The real server: TLS, a certificate that is replaced while it runs, and an orderly stop.
func TestServe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certFile, keyFile := writePair(t, dir, "one.example.test")
	var ahead atomic.Int64 // moves the clock past the interval between looks
	clock := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	log := slog.New(slog.DiscardHandler)
	certificate, err := web.LoadCertificate(certFile, keyFile, log, clock)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	entered, release := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(entered)
			<-release
		}
		_, _ = io.WriteString(w, "served")
	})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(ctx, l, h, certificate.TLSConfig(), nil, web.ConsoleLimits, log) }()

	name := func(config *tls.Config) string {
		t.Helper()
		config.InsecureSkipVerify = true
		conn, err := tls.Dial("tcp", l.Addr().String(), config)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		return conn.ConnectionState().PeerCertificates[0].DNSNames[0]
	}
	if got := name(&tls.Config{}); got != "one.example.test" {
		t.Errorf("got the certificate of %s, want one.example.test", got)
	}
	name(&tls.Config{MaxVersion: tls.VersionTLS12})
	for what, config := range map[string]*tls.Config{
		"TLS 1.1":            {MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10},
		"no forward secrecy": {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}},
	} {
		config.InsecureSkipVerify = true
		if conn, err := tls.Dial("tcp", l.Addr().String(), config); err == nil {
			_ = conn.Close()
			t.Errorf("%s was accepted", what)
		}
	}

	writePair(t, dir, "two.example.test")
	ahead.Add(int64(time.Minute))
	if got := name(&tls.Config{}); got != "two.example.test" {
		t.Errorf("after the renewal: got the certificate of %s, want two.example.test", got)
	}
	if err := os.WriteFile(keyFile, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	ahead.Add(int64(time.Minute))
	if got := name(&tls.Config{}); got != "two.example.test" {
		t.Errorf("with a broken file: got the certificate of %s, want the last good one", got)
	}

	text, err := os.ReadFile(certFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "two.example.test", MinVersion: tls.VersionTLS12}}}
	answered := make(chan error, 1)
	go func() {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+l.Addr().String()+"/slow", nil)
		if err != nil {
			answered <- err
			return
		}
		answer, err := client.Do(r)
		if err == nil {
			_ = answer.Body.Close()
		}
		answered <- err
	}()
	select {
	case <-entered:
	case err := <-answered:
		t.Fatalf("the slow request ended early: %v", err)
	}
	stop()
	untilRefused(t, l.Addr().String())
	select {
	case err := <-ended:
		t.Fatalf("the server ended with %v while a request was under way", err)
	default:
	}
	close(release)
	if err := <-answered; err != nil {
		t.Errorf("a request under way at the stop got %v", err)
	}
	if err := <-ended; err != nil && !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("the server ended with %v", err)
	}
}

// untilRefused waits until connections are refused: the stop has begun.
func untilRefused(t testing.TB, address string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		_ = conn.Close()
	}
	t.Fatalf("%s still accepts connections 10 s after the stop", address)
}

func TestLoadCertificateRefusesABadPair(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certFile, keyFile := writePair(t, dir, "one.example.test")
	if err := os.WriteFile(certFile, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := web.LoadCertificate(certFile, keyFile, slog.New(slog.DiscardHandler), time.Now); err == nil {
		t.Error("a file that holds no certificate was accepted")
	}
}
