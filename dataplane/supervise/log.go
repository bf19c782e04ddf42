package supervise

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// logName is the name that /proc/PID/fd/1 of a worker shows.
const logName = "openvpn-log"

// Log is what a worker writes to its standard output and standard error. It is a file in memory
// without a path, because it tells of clients whose logins still wait. It exists while the worker
// runs or a Log of it is open; root reads it by /proc/PID/fd/1 of the worker.
type Log struct {
	file *os.File
	// whole tells that this process made the log and has never cut it.
	whole atomic.Bool
}

// newLog makes a log and opens it for a worker, which may append to it and not read it. O_APPEND lets
// Trim cut the log while the worker writes: without it the worker would continue at the old offset
// and leave a hole.
func newLog() (l *Log, output *os.File, err error) {
	fd, err := unix.MemfdCreate(logName, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, nil, err
	}
	made := os.NewFile(uintptr(fd), logName)
	defer made.Close()
	if err := made.Chmod(0o600); err != nil { // a worker could open it anew to read and cut it
		return nil, nil, err
	}
	if l, err = reopenLog(made); err != nil {
		return nil, nil, err
	}
	l.whole.Store(true)
	output, err = os.OpenFile(descriptorPath(made), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		l.file.Close()
		return nil, nil, err
	}
	return l, output, nil
}

// findLog opens the log of a running worker. What the worker has as its standard output is examined
// before it is opened for writing: a worker that was broken into can put any file there that it may
// read.
func findLog(pid int) (*Log, error) {
	fd, err := unix.Open(fmt.Sprintf("/proc/%d/fd/1", pid), unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("log of process %d: %w", pid, err)
	}
	f := os.NewFile(uintptr(fd), "log")
	defer f.Close()
	is, err := os.Readlink(descriptorPath(f))
	if err != nil {
		return nil, fmt.Errorf("log of process %d: %w", pid, err)
	}
	inMemory, err := isMemoryFile(f)
	if err != nil {
		return nil, fmt.Errorf("log of process %d: %w", pid, err)
	}
	// The name alone would not do: in a mount namespace of its own a process gives any file any path.
	if !inMemory || !strings.HasPrefix(is, "/memfd:"+logName+" ") {
		return nil, fmt.Errorf("log of process %d: its output is %s", pid, is)
	}
	return reopenLog(f)
}

// isMemoryFile tells whether a file is on the kernel's own file system of memory files, which is
// mounted nowhere.
func isMemoryFile(f *os.File) (bool, error) {
	fd, err := unix.MemfdCreate("probe", unix.MFD_CLOEXEC)
	if err != nil {
		return false, err
	}
	defer func() { _ = unix.Close(fd) }()
	var probe, st unix.Stat_t
	if err := errors.Join(unix.Fstat(fd, &probe), unix.Fstat(int(f.Fd()), &st)); err != nil {
		return false, err
	}
	return st.Dev == probe.Dev && st.Mode&unix.S_IFMT == unix.S_IFREG, nil
}

func reopenLog(f *os.File) (*Log, error) {
	file, err := os.OpenFile(descriptorPath(f), os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	return &Log{file: file}, nil
}

func descriptorPath(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }

// Start returns at most maxBytes of what the worker wrote first. It is empty where that is not known:
// the worker was adopted, or its log has been cut.
func (l *Log) Start(maxBytes int64) []byte {
	b, err := io.ReadAll(io.NewSectionReader(l.file, 0, maxBytes))
	if err != nil || !l.whole.Load() {
		return nil
	}
	return b
}

// Tail returns at most the last maxBytes of what the worker wrote, from the start of a line.
func (l *Log) Tail(maxBytes int64) ([]byte, error) { return tail(l.file, maxBytes) }

// TailFile does the same for the log of a worker that an earlier version of this program started.
func TailFile(path string, maxBytes int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return tail(f, maxBytes)
}

func tail(f *os.File, maxBytes int64) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	from := max(0, info.Size()-maxBytes)
	b, err := io.ReadAll(io.NewSectionReader(f, from, maxBytes))
	if i := bytes.IndexByte(b, '\n'); from > 0 && i >= 0 {
		b = b[i+1:]
	}
	return b, err
}

// Trim cuts a log that is longer than maxBytes to its last maxBytes/2, at the start of a line. Lines
// that the worker writes at the same moment may be lost.
func (l *Log) Trim(maxBytes int64) error {
	info, err := l.file.Stat()
	if err == nil && info.Size() <= maxBytes {
		return nil
	}
	l.whole.Store(false)
	if err == nil {
		err = keepTail(l.file, info.Size()-maxBytes/2, maxBytes/2)
	}
	if err != nil {
		return fmt.Errorf("trim log: %w", err)
	}
	return nil
}

// TrimFile does the same for the log of a worker that an earlier version of this program started, which
// is a file with a path. A missing file is no error.
func TrimFile(path string, maxBytes int64) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|unix.O_NOFOLLOW, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("trim log: %w", err)
	}
	defer f.Close()
	return (&Log{file: f}).Trim(maxBytes)
}

// keepTail keeps the lines that begin within n bytes after from, and removes all others.
func keepTail(f *os.File, from, n int64) error {
	tail, err := io.ReadAll(io.NewSectionReader(f, from, n))
	if err != nil {
		return err
	}
	if i := bytes.IndexByte(tail, '\n'); i >= 0 {
		tail = tail[i+1:]
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.Write(tail)
	return err
}
