// Package journal keeps what the next dataplane process must know, in small files.
package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Journal is a directory with one JSON file for each entry. A file is written whole and renamed into
// place, so that a crash leaves the old entry or the new one. The directory is in the run directory,
// which a restart of the host empties together with everything that the entries describe.
type Journal struct{ dir string }

// Kind is a kind of entry; each kind is a directory of that name.
type Kind string

// The kinds of entries. The next process, possibly of another version, reads them by these names.
const (
	Desired   Kind = "desired"  // vpn.Desired, named by endpoint
	Workers   Kind = "workers"  // a worker's process and device, named by device
	Sessions  Kind = "sessions" // a session, named by connection
	Snapshots Kind = "memory"   // faults and repairs, named by endpoint
	Logins    Kind = "logins"   // a login whose user signs in outside of the client, named by its ID
)

const (
	entrySuffix = ".json"
	partSuffix  = ".new"        // being written
	badSuffix   = ".unreadable" // set aside so that an administrator can examine it
)

// Open makes the journal's directories where they are missing.
func Open(dir string) (*Journal, error) {
	for _, kind := range []Kind{Desired, Workers, Sessions, Snapshots, Logins} {
		if err := os.MkdirAll(filepath.Join(dir, string(kind)), 0o700); err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
		parts, _ := filepath.Glob(filepath.Join(dir, string(kind), "*"+partSuffix)) // fails for a malformed pattern only
		for _, part := range parts {
			_ = os.Remove(part) // a crash left it; it may hold keys
		}
	}
	return &Journal{dir: dir}, nil
}

// Path is the file of an entry.
func (j *Journal) Path(kind Kind, name string) string {
	return filepath.Join(j.dir, string(kind), name+entrySuffix)
}

// Put writes an entry with mode 0600: it may hold keys. Two concurrent calls for one name are not
// allowed.
func (j *Journal) Put(kind Kind, name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("journal %s: %w", kind, err)
	}
	path := j.Path(kind, name)
	if err = os.WriteFile(path+partSuffix, b, 0o600); err == nil {
		err = os.Rename(path+partSuffix, path)
	}
	if err != nil {
		_ = os.Remove(path + partSuffix)
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// Remove deletes an entry; an absent entry is no error.
func (j *Journal) Remove(kind Kind, name string) error {
	err := os.Remove(j.Path(kind, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Read gives all entries of a kind that can be read. A file that cannot be read is renamed and
// reported in the error. Its session or endpoint is then unknown, so no packet of it is let through.
func Read[T any](j *Journal, kind Kind) ([]T, error) {
	dir := filepath.Join(j.dir, string(kind))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	var out []T
	var bad []error
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), entrySuffix) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		b, err := os.ReadFile(path)
		var v *T
		if err == nil {
			err = json.Unmarshal(b, &v)
		}
		if err == nil && v == nil {
			err = errors.New("the entry is null")
		}
		if err != nil {
			bad = append(bad, fmt.Errorf("journal %s/%s: %w", kind, e.Name(), err))
			_ = os.Rename(path, path+badSuffix)
			continue
		}
		out = append(out, *v)
	}
	return out, errors.Join(bad...)
}
