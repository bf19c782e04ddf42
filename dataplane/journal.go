package dataplane

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// journal keeps what the next process must know, one small file for each thing: written whole
// and renamed into place, so that a crash leaves the old one or the new one. It lives in the run
// directory, which a restart of the host empties together with everything that it speaks of.
type journal struct{ dir string }

// The kinds of things that are journalled; each is a directory.
const (
	journalDesired  = "desired"
	journalWorkers  = "workers"
	journalSessions = "sessions"
	journalLogins   = "logins"
)

func openJournal(dir string) (*journal, error) {
	for _, kind := range []string{journalDesired, journalWorkers, journalSessions, journalLogins} {
		if err := os.MkdirAll(filepath.Join(dir, kind), 0o700); err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
	}
	return &journal{dir: dir}, nil
}

func (j *journal) path(kind, name string) string { return filepath.Join(j.dir, kind, name+".json") }

// put writes one thing. It may hold keys: mode 0600.
func (j *journal) put(kind, name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("journal %s: %w", kind, err)
	}
	path := j.path(kind, name)
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// drop forgets one thing; one that is not there is no error.
func (j *journal) drop(kind, name string) error {
	err := os.Remove(j.path(kind, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// journalled reads all things of a kind. A file that cannot be read is skipped and reported:
// what it spoke of is then unknown to us, and what is unknown is not let through.
func journalled[T any](j *journal, kind string) ([]T, error) {
	entries, err := os.ReadDir(filepath.Join(j.dir, kind))
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	var out []T
	var bad []error
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(j.dir, kind, e.Name()))
		var v T
		if err == nil {
			err = json.Unmarshal(b, &v)
		}
		if err != nil {
			bad = append(bad, fmt.Errorf("journal %s/%s: %w", kind, e.Name(), err))
			continue
		}
		out = append(out, v)
	}
	return out, errors.Join(bad...)
}
