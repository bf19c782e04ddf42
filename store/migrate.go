package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"sallyport/migrations"
)

// Migrate brings the schema up to date; a second call changes nothing. Where several processes call it
// at once, one migrates and the others wait.
func (s *Store) Migrate(ctx context.Context) error {
	if s.dialect.directory != "" {
		unlock, err := lockDirectory(ctx, s.dialect.directory)
		if err != nil {
			return fmt.Errorf("wait for another migration: %w", err)
		}
		defer unlock()
	}
	p, err := s.provider()
	if err != nil {
		return err
	}
	var done []*goose.MigrationResult
	err = s.retry(ctx, &s.updating, func() (err error) { done, err = p.Up(ctx); return err })
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if len(done) > 0 {
		var took time.Duration
		for _, m := range done {
			took += m.Duration
		}
		s.options.Logger.InfoContext(ctx, "schema migrated", "steps", len(done), "now_at", done[len(done)-1].Source.Version, "duration", took)
	}
	return nil
}

func (s *Store) provider() (*goose.Provider, error) {
	kind, steps := goose.DialectSQLite3, migrations.SQLite()
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if s.dialect.name == "postgres" {
		kind, steps = goose.DialectPostgres, migrations.Postgres()
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, fmt.Errorf("prepare migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(kind, s.pools()[0], steps, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

// lockDirectory prevents two processes from making or migrating one SQLite file at once. The lock is on
// the directory because opening and closing the file itself would drop SQLite's own locks.
func lockDirectory(ctx context.Context, path string) (unlock func(), err error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	wait := time.NewTicker(20 * time.Millisecond)
	defer wait.Stop()
	for {
		err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = dir.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			_ = dir.Close()
			return nil, err
		}
		select {
		case <-ctx.Done():
			_ = dir.Close()
			return nil, ctx.Err()
		case <-wait.C:
		}
	}
}
