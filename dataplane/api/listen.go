package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Listen makes the socket: mode 0660 in a directory of mode 0750, both of root and the group of
// web. A socket that a crash left behind is replaced; one that answers is another dataplane's.
func Listen(ctx context.Context, path string, gid int) (*net.UnixListener, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("socket directory: %w", err)
	}
	if err := ownDirectory(dir, filepath.Base(path)); err != nil {
		return nil, err
	}
	if err := errors.Join(os.Chown(dir, 0, gid), os.Chmod(dir, 0o750)); err != nil {
		return nil, fmt.Errorf("socket directory: %w", err)
	}
	if c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", path); err == nil {
		c.Close()
		return nil, fmt.Errorf("another dataplane answers on %s", path)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() != os.ModeSocket {
		return nil, fmt.Errorf("%s is in the way of the socket and is not one", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("socket: %w", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	if err := errors.Join(os.Chown(path, 0, gid), os.Chmod(path, 0o660)); err != nil {
		l.Close()
		return nil, fmt.Errorf("socket: %w", err)
	}
	return l, nil
}

// ownDirectory refuses a directory that others use too: the socket's mode and owner are given to
// it, and /tmp or /run would be closed to everybody else.
func ownDirectory(dir, socket string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("socket directory: %w", err)
	}
	for _, e := range entries {
		if e.Name() != socket {
			return fmt.Errorf("the socket needs a directory of its own, and %s has %s in it", dir, e.Name())
		}
	}
	return nil
}

// most is how many peers are heard at once. Web needs some ten; a web that has lost its mind must
// not take the files that the dataplane needs to look after tunnels.
const most = 256

// Serve answers on the socket until ctx ends. Only root and the uid of web are heard: the mode
// of the socket says the same, and this does not depend on it.
func Serve(ctx context.Context, l *net.UnixListener, h http.Handler, webUID uint32, log *slog.Logger) error {
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() {
		short, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if srv.Shutdown(short) != nil {
			_ = srv.Close()
		}
	})
	defer stop()
	err := srv.Serve(&guarded{UnixListener: l, uid: webUID, log: log, room: make(chan struct{}, most)})
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// guarded lets in only peers whose credentials, as the kernel knows them, are right, and not too
// many at once.
type guarded struct {
	*net.UnixListener
	uid  uint32
	log  *slog.Logger
	room chan struct{}
}

func (g *guarded) Accept() (net.Conn, error) {
	for {
		c, err := g.AcceptUnix()
		if err != nil {
			return nil, err
		}
		uid, err := peerUID(c)
		if err != nil || uid != 0 && uid != g.uid {
			g.log.Warn("a process was turned away from the socket", "uid", uid, "err", err)
			_ = c.Close()
			continue
		}
		select {
		case g.room <- struct{}{}:
			return &guest{UnixConn: c, leave: sync.OnceFunc(func() { <-g.room })}, nil
		default:
			g.log.Warn("too many connections to the socket at once; one was turned away", "uid", uid)
			_ = c.Close()
		}
	}
}

// guest makes room when it leaves.
type guest struct {
	*net.UnixConn
	leave func()
}

func (g *guest) Close() error {
	g.leave()
	return g.UnixConn.Close()
}

func peerUID(c *net.UnixConn) (uint32, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	var failure error
	if err := raw.Control(func(fd uintptr) { cred, failure = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil {
		return 0, err
	}
	if failure != nil {
		return 0, failure
	}
	return cred.Uid, nil
}
