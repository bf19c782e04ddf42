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
	journalMemory   = "memory"
)

const (
	entrySuffix = ".json"
	halfSuffix  = ".new"        // being written
	badSuffix   = ".unreadable" // set aside for whoever wants to know why
)

func openJournal(dir string) (*journal, error) {
	for _, kind := range []string{journalDesired, journalWorkers, journalSessions, journalMemory} {
		if err := os.MkdirAll(filepath.Join(dir, kind), 0o700); err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
		halves, _ := filepath.Glob(filepath.Join(dir, kind, "*"+halfSuffix)) // fails for a malformed pattern only
		for _, half := range halves {
			_ = os.Remove(half) // what a crash cut short; it may hold keys
		}
	}
	return &journal{dir: dir}, nil
}

func (j *journal) path(kind, name string) string {
	return filepath.Join(j.dir, kind, name+entrySuffix)
}

// put writes one thing. It may hold keys: mode 0600. Two puts of one name must not meet.
func (j *journal) put(kind, name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("journal %s: %w", kind, err)
	}
	path := j.path(kind, name)
	if err = os.WriteFile(path+halfSuffix, b, 0o600); err == nil {
		err = os.Rename(path+halfSuffix, path)
	}
	if err != nil {
		_ = os.Remove(path + halfSuffix)
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

// journalled reads all things of a kind. A file that cannot be read is set aside and reported:
// what it spoke of is then unknown to us, and what is unknown is not let through.
func journalled[T any](j *journal, kind string) ([]T, error) {
	entries, err := os.ReadDir(filepath.Join(j.dir, kind))
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	var out []T
	var bad []error
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), entrySuffix) {
			continue
		}
		path := filepath.Join(j.dir, kind, e.Name())
		b, err := os.ReadFile(path)
		var v *T
		if err == nil {
			err = json.Unmarshal(b, &v)
		}
		if err == nil && v == nil {
			err = errors.New("it says null")
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
