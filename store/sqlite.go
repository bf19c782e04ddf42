package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/glebarez/sqlite"
)

// maxReaders is the number of SQLite connections that read at the same time.
const maxReaders = 8

// openSQLite opens two pools on one file. Writers take the write lock when they begin: otherwise a
// transaction that reads first may find the database locked at its first write. One connection serves
// all writers, so that they queue in order instead of polling for the lock. Readers have WAL
// snapshots, which do not wait for writers.
func (s *Store) openSQLite(ctx context.Context, dsn string) error {
	path, err := filepath.Abs(sqlitePath(dsn))
	if err != nil {
		return fmt.Errorf("find database file: %w", err)
	}
	if err := prepareFile(path); err != nil {
		return fmt.Errorf("prepare database file: %w", err)
	}
	// Switching a new file to WAL fails instead of waiting where another process does it too.
	unlock, err := lockDirectory(ctx, filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("wait for others who open the database: %w", err)
	}
	forWriting := []string{"_pragma", "journal_mode(WAL)", "_txlock", "immediate"}
	if s.options.MaxPages > 0 {
		forWriting = append(forWriting, "_pragma", fmt.Sprintf("max_page_count(%d)", s.options.MaxPages))
	}
	s.writing, err = openGORM(sqlite.Open(sqliteDSN(path, forWriting...)))
	unlock()
	if err != nil {
		return err
	}
	if s.reading, err = openGORM(sqlite.Open(sqliteDSN(path, "_pragma", "query_only(1)"))); err != nil {
		return err
	}
	for i, db := range s.pools() {
		most := []int{1, maxReaders}[i]
		db.SetMaxOpenConns(most)
		db.SetMaxIdleConns(most)
	}
	s.turn = make(chan struct{}, 1)
	s.reserve.open(path + ".reserve")
	s.dialect = dialect{
		name: "sqlite", view: &sql.TxOptions{ReadOnly: true}, directory: filepath.Dir(path), elements: "json_each(?) AS e",
	}
	return nil
}

func sqlitePath(dsn string) string {
	path := strings.TrimPrefix(dsn, "sqlite:")
	if rest, ok := strings.CutPrefix(path, "//"); ok {
		path = rest // sqlite:///var/lib/…
	}
	return path
}

func sqliteDSN(path string, extra ...string) string {
	q := url.Values{"_pragma": {
		fmt.Sprintf("busy_timeout(%d)", sqliteLockWait.Milliseconds()), "synchronous(NORMAL)", "foreign_keys(1)", "cache_size(-16000)",
	}}
	for i := 0; i+1 < len(extra); i += 2 {
		q.Add(extra[i], extra[i+1])
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// prepareFile makes the file with mode 0600, or sets that mode; SQLite gives -wal and -shm the same. An
// existing file is not opened: closing it would drop the locks that SQLite holds on it elsewhere in
// this process.
func prepareFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Chmod(path+suffix, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
