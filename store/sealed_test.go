package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"sallyport/pki"
)

func TestSecretsAreSealed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := migrated(t, openAt(t, path))
	f := newFixture()
	f.endpoint.TLSCrypt, f.endpoint.TokenSecret = "CLEARTEXT-static", "CLEARTEXT-token"
	update(t, s, f.store)
	update(t, s, func(ctx context.Context, x *Tx) error {
		c := f.server
		c.ID = "cert-other"
		return x.CreateCertificate(ctx, c, "CLEARTEXT-key")
	})
	for _, name := range []string{path, path + "-wal"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte("CLEARTEXT")) {
			t.Errorf("%s has a secret in the clear", filepath.Base(name))
		}
	}
	read := func(s *Store) (keyErr, endpointErr error) {
		view(t, s, func(ctx context.Context, x *Tx) error {
			_, keyErr = x.CertificateKey(ctx, "cert-other")
			_, endpointErr = x.Endpoint(ctx, f.endpoint.ID)
			if _, err := x.AllEndpoints(ctx); err != nil {
				t.Errorf("a list that shows no secret: %v", err)
			}
			return nil
		})
		return keyErr, endpointErr
	}
	if a, b := read(s); a != nil || b != nil {
		t.Errorf("with the key: %v, %v", a, b)
	}

	without, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = without.Close() })
	if a, b := read(without); !errors.Is(a, errNoSealer) || !errors.Is(b, errNoSealer) {
		t.Errorf("without any key: %v, %v", a, b)
	}

	sealer, err := pki.NewSealer(pki.NewSealKey())
	if err != nil {
		t.Fatal(err)
	}
	other, err := Open(t.Context(), path, Options{Sealer: sealer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	if a, b := read(other); !errors.Is(a, pki.ErrSealed) || !errors.Is(b, pki.ErrSealed) {
		t.Errorf("with another key: %v, %v", a, b)
	}

	// A sealed value can be opened only in its own row.
	moved := s.pools()[0]
	if _, err := moved.ExecContext(t.Context(), "UPDATE certificate_key SET sealed = (SELECT sealed FROM certificate_key WHERE certificate_id = ?) WHERE certificate_id = 'cert-other'", string(f.server.ID)); err != nil {
		t.Fatal(err)
	}
	if a, _ := read(s); !errors.Is(a, pki.ErrSealed) {
		t.Errorf("moved from another row: %v", a)
	}
}
