// Package migrations holds the database's schema as numbered steps, one folder for each dialect
// with the same numbers and names in both. Only package store runs them. A step that was released
// is never edited; Down is for developers.
package migrations

import (
	"embed"
	"io/fs"
)

//go:embed sqlite/*.sql postgres/*.sql
var files embed.FS

// SQLite returns the steps for SQLite.
func SQLite() fs.FS { return folder("sqlite") }

// Postgres returns the steps for PostgreSQL.
func Postgres() fs.FS { return folder("postgres") }

func folder(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // only for an invalid path, and both names are constants
	}
	return sub
}
