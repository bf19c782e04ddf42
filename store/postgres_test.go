package store

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"sallyport/store/postgrestest"
)

// postgresServer is the PostgreSQL of this test binary.
type postgresServer struct {
	*postgrestest.Server
	template func() error // makes database "migrated", once
}

func startPostgres() (*postgresServer, error) {
	started, err := postgrestest.Start()
	s := &postgresServer{Server: started}
	s.template = sync.OnceValue(s.makeTemplate)
	return s, err
}

func (s *postgresServer) makeTemplate() error {
	ctx := context.Background() // no single test's
	conn, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE migrated")
	if err = errors.Join(err, conn.Close(ctx)); err != nil {
		return err
	}
	m, err := Open(ctx, s.DSN("migrated"), Options{})
	if err != nil {
		return err
	}
	return errors.Join(m.Migrate(ctx), m.Close())
}

// migrated makes a database with the schema and no rows for a test.
func (s *postgresServer) migrated(tb testing.TB) string {
	tb.Helper()
	if err := s.template(); err != nil {
		tb.Fatalf("make a template: %v", err)
	}
	return s.Create(tb, " TEMPLATE migrated")
}

// database makes an empty database for a test.
func (s *postgresServer) database(tb testing.TB) string {
	tb.Helper()
	return s.Create(tb, "")
}
