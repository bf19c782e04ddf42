package store

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"sallyport/pki"
	"sallyport/vpn"
)

// opener opens an empty, migrated database.
type opener func(tb testing.TB) *Store

var openers = map[string]opener{"sqlite": openTestSQLite, "postgres": openTestPostgres}

func openTestSQLite(tb testing.TB) *Store {
	tb.Helper()
	return migrated(tb, openAt(tb, filepath.Join(tb.TempDir(), "odd ?#% name.db")))
}

func openTestPostgres(tb testing.TB) *Store {
	tb.Helper()
	return openAt(tb, server.migrated(tb))
}

func migrated(tb testing.TB, s *Store) *Store {
	tb.Helper()
	if err := s.Migrate(tb.Context()); err != nil {
		tb.Fatalf("migrate: %v", err)
	}
	return s
}

func openAt(tb testing.TB, dsn string) *Store {
	tb.Helper()
	sealer, err := pki.NewSealer(testSealKey)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := Open(tb.Context(), dsn, Options{Sealer: sealer, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatalf("open: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return s
}

var testSealKey = func() []byte { k := make([]byte, pki.SealKeySize); _, _ = rand.Read(k); return k }()

func update(t *testing.T, s *Store, f func(context.Context, *Tx) error) {
	t.Helper()
	if err := attempt(t, s, f); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func attempt(t *testing.T, s *Store, f func(context.Context, *Tx) error) error {
	t.Helper()
	return s.Update(t.Context(), func(x *Tx) error { return f(t.Context(), x) })
}

func view(t *testing.T, s *Store, f func(context.Context, *Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), func(x *Tx) error { return f(t.Context(), x) }); err != nil {
		t.Fatalf("view: %v", err)
	}
}

func wantKind(t *testing.T, what string, err error, want vpn.Kind) {
	t.Helper()
	if err == nil || vpn.KindOf(err) != want {
		t.Errorf("%s: got %v (kind %v), want kind %v", what, err, vpn.KindOf(err), want)
	}
}

func TestSQLiteFilesAreOfTheirOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "new", "sallyport.db")
	s := migrated(t, openAt(t, "sqlite:"+path))
	update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveEventCursor(ctx, "n", "e", 1) })
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %o, want 600", filepath.Base(name), got)
		}
	}

	wide := filepath.Join(dir, "wide.db")
	if err := os.WriteFile(wide, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	openAt(t, wide)
	info, err := os.Stat(wide)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("an existing file keeps mode %o, want 600", got)
	}
}

func TestOpenTellsWhatIsWrong(t *testing.T) {
	for _, dsn := range []string{
		"/proc/no/such/place/x.db",
		"postgres://nobody:secret@127.0.0.1:1/none?connect_timeout=1",
		"postgres://nobody:secret@127.0.0.1:port/none",
	} {
		s, err := Open(t.Context(), dsn, Options{})
		if err == nil {
			_ = s.Close()
			t.Fatalf("Open(%s) succeeded", dsn)
		}
		if got := err.Error(); containsFold(got, "secret") {
			t.Errorf("the error shows the password: %s", got)
		}
	}
}

func TestRunsAgainOnlyForSoLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Store{options: Options{Logger: slog.New(slog.DiscardHandler)}}
		start, runs := time.Now(), 0
		err := s.retry(t.Context(), &s.updating, func() error { runs++; return errSerialization })
		if !errors.Is(err, errSerialization) || time.Since(start) < retryFor || time.Since(start) > retryFor+2*maxPause || runs < 10 {
			t.Errorf("got %v after %v and %d runs", err, time.Since(start), runs)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		runs = 0
		if err := s.retry(ctx, &s.updating, func() error { runs++; return errSerialization }); !errors.Is(err, errSerialization) || runs != 1 {
			t.Errorf("cancelled: got %v after %d runs, want one", err, runs)
		}
		runs = 0
		if err := s.retry(t.Context(), &s.updating, func() error { runs++; return vpn.ErrStale("x") }); runs != 1 || err == nil {
			t.Errorf("other error: got %v after %d runs, want one", err, runs)
		}
	})
}
