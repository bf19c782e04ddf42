package supervise

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// openLog opens a worker's log for appending. Only so can it be cut while the worker writes: a
// file without O_APPEND would go on at the old offset and leave a hole.
func openLog(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
}

// TrimLog cuts a worker's log that is longer than most bytes to its last half of that, at a
// line's start. What the worker writes in that instant may be lost: it never waits for us. It
// is to be called from time to time; a log that does not exist is short enough.
func TrimLog(path string, most int64) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|unix.O_NOFOLLOW, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("trim log: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() <= most {
		return err
	}
	tail, err := io.ReadAll(io.NewSectionReader(f, info.Size()-most/2, most/2))
	if err != nil {
		return fmt.Errorf("trim log: %w", err)
	}
	if i := bytes.IndexByte(tail, '\n'); i >= 0 {
		tail = tail[i+1:]
	}
	if err := f.Truncate(0); err != nil {
		return fmt.Errorf("trim log: %w", err)
	}
	if _, err := f.Write(tail); err != nil {
		return fmt.Errorf("trim log: %w", err)
	}
	return nil
}
