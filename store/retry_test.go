package store

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"sallyport/vpn"
)

// answeredWithin is how long a person may wait for the answer that the database is locked.
const answeredWithin = 5 * time.Second

// While another program keeps the database locked, changes are refused in words and quickly, however
// many wait, and nothing is left over afterwards.
func TestLockedByAnotherProgram(t *testing.T) {
	for name, lock := range map[string]func(t *testing.T) (dsn string, unlock func()){
		"sqlite": func(t *testing.T) (string, func()) {
			path := filepath.Join(t.TempDir(), "x.db")
			migrated(t, openAt(t, path))
			other := must[*sql.DB](t)(sql.Open("sqlite", path))
			conn := must[*sql.Conn](t)(other.Conn(t.Context()))
			_ = must[sql.Result](t)(conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"))
			return path, func() {
				_ = must[sql.Result](t)(conn.ExecContext(t.Context(), "ROLLBACK"))
				_ = other.Close()
			}
		},
		"postgres": func(t *testing.T) (string, func()) {
			dsn := server.migrated(t)
			conn := must[*pgx.Conn](t)(pgx.Connect(t.Context(), dsn))
			_ = must[pgconn.CommandTag](t)(conn.Exec(t.Context(), "BEGIN; LOCK TABLE administrator IN ACCESS EXCLUSIVE MODE"))
			return dsn, func() {
				if err := conn.Close(context.WithoutCancel(t.Context())); err != nil {
					t.Error(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn, unlock := lock(t)
			s := openAt(t, dsn)
			add := func(i int) error {
				return s.Update(t.Context(), func(x *Tx) error {
					return x.CreateAdministrator(t.Context(), newAdministrator(fmt.Sprintf("admin%d", i)))
				})
			}
			together(10, func(i int) {
				began := time.Now()
				err := add(i)
				if vpn.KindOf(err) != vpn.Unavailable || !strings.Contains(err.Error(), "keeps the database locked") {
					t.Errorf("%d: got %v", i, err)
				}
				if took := time.Since(began); took > answeredWithin {
					t.Errorf("%d: answered after %s", i, took)
				}
			})
			unlock()
			if err := add(10); err != nil {
				t.Errorf("after the lock is gone: %v", err)
			}
		})
	}
}

// A database server that cannot take requests at the moment is told from a fault of this program.
func TestUnavailableServer(t *testing.T) {
	t.Parallel()
	for code, words := range map[string]string{
		"55P03": "keeps the database locked", "53300": "takes no more connections", "57P01": "stopping or starting", "57P03": "stopping or starting", "42P01": "",
	} {
		err := unavailable(fmt.Errorf("store network: %w", &pgconn.PgError{Code: code}))
		if got := vpn.KindOf(err) == vpn.Unavailable; got != (words != "") || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: got %v", code, err)
		}
	}
	_, refused := pgx.Connect(t.Context(), "host="+t.TempDir()+" user=test dbname=none")
	if gone := unavailable(refused); gone == nil || vpn.KindOf(gone) != vpn.Unavailable || !strings.Contains(gone.Error(), "does not answer") {
		t.Errorf("no server: got %v", gone)
	}
}
