package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"
)

// reserveSize is how many bytes are kept free for urgent changes: SQLite's log of changes (4 MiB) and room
// for some hundred of them.
const reserveSize = 6 << 20

// reserve is a file beside the SQLite database that takes space which is given up when the disk is full:
// a revocation, a termination and a sign-in can then still be saved. While it is given up no other change
// is saved, so that nothing else takes the space; it is made again as soon as there is room.
type reserve struct {
	path string // "": there is none

	mu    sync.Mutex // guards the fields below
	spent bool
	tried time.Time
}

type urgentKey struct{}

// Urgent marks the context of an Update that may use the reserve of a full disk.
func Urgent(ctx context.Context) context.Context { return context.WithValue(ctx, urgentKey{}, true) }

func isUrgent(ctx context.Context) bool { return ctx.Value(urgentKey{}) != nil }

// open makes the file where it is missing. Without room for it there is no reserve until there is.
func (r *reserve) open(path string) {
	r.path = path
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spent = !r.make()
}

// make takes the space; r.mu is held.
func (r *reserve) make() bool {
	if info, err := os.Stat(r.path); err == nil && info.Size() == reserveSize {
		return true
	}
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return false
	}
	err = syscall.Fallocate(int(f.Fd()), 0, 0, reserveSize)
	if errors.Is(err, syscall.EOPNOTSUPP) {
		_, err = f.Write(make([]byte, reserveSize))
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(r.path) // what was taken of it
	}
	return err == nil
}

// giveUp frees the space. False where there is none to free.
func (r *reserve) giveUp() bool {
	if r.path == "" {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := os.Remove(r.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	given := !r.spent
	r.spent, r.tried = true, time.Now()
	return given
}

// isSpent tells whether the space is given up, and takes it again where there is room, which is tried
// once in a second.
func (r *reserve) isSpent() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.path == "" || !r.spent {
		return false
	}
	if time.Since(r.tried) > time.Second {
		r.tried = time.Now()
		r.spent = !r.make()
	}
	return r.spent
}
