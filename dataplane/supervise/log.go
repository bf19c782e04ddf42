package supervise

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// openLog opens a worker's log for appending. O_APPEND lets TrimLog cut the file while the worker
// writes: without it the worker would continue at the old offset and leave a hole.
func openLog(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
}

// TrimLog cuts a worker's log that is longer than maxBytes to its last maxBytes/2, at the start of a
// line. Lines that the worker writes at the same moment may be lost. A missing log is no error.
func TrimLog(path string, maxBytes int64) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|unix.O_NOFOLLOW, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("trim log: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() <= maxBytes {
		return err
	}
	tail, err := io.ReadAll(io.NewSectionReader(f, info.Size()-maxBytes/2, maxBytes/2))
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
