package supervise

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Spec is how to start a worker. Every field is required but Args and Input.
type Spec struct {
	Binary string   // absolute path
	Args   []string // without the program's name
	// Input is the whole standard input. It may be secret: it is never in a file with a name.
	Input []byte
	// Dir is the worker's directory, made by MakeDir, and its working directory.
	Dir      string
	UID, GID uint32
	// Inherit, unless nil, stays open in the worker, as descriptor 3. The worker is not told of it.
	Inherit *os.File
}

func (s Spec) check() error {
	switch {
	case !filepath.IsAbs(s.Binary) || !filepath.IsAbs(s.Dir):
		return fmt.Errorf("paths of a worker must be absolute: %q, %q", s.Binary, s.Dir)
	case s.UID == 0 || s.GID == 0:
		return errors.New("a worker never runs as root")
	}
	return nil
}
