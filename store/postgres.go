package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
)

// connectWait is how long a connection to the server may take, where the address does not say it: a person
// waits for the page.
const connectWait = 4 * time.Second

func isPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") ||
		strings.HasPrefix(dsn, "host=") || strings.Contains(dsn, " host=") ||
		strings.HasPrefix(dsn, "dbname=") || strings.Contains(dsn, " dbname=")
}

func (s *Store) openPostgres(_ context.Context, dsn string) error {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return fmt.Errorf("read PostgreSQL address: %w", err) // pgx leaves the password out
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "sallyport"
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectWait
	}
	pool := stdlib.OpenDB(*config)
	most := s.options.Connections
	if most <= 0 {
		most = 16
	}
	pool.SetMaxOpenConns(most)
	pool.SetMaxIdleConns(most)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	db, err := openGORM(postgres.New(postgres.Config{Conn: pool}))
	if err != nil {
		_ = pool.Close()
		return err
	}
	s.reading, s.writing = db, db
	s.dialect = dialect{
		name: "postgres",
		// Serializable, because use cases read many rows (which range overlaps, which administrator is
		// the last) before they write one, and several web processes share the database.
		update: &sql.TxOptions{Isolation: sql.LevelSerializable},
		view:   &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},

		elements: "jsonb_array_elements(CAST(? AS jsonb)) AS e (value)",
	}
	return nil
}
