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

// Listen creates the socket: mode 0660 in a directory of mode 0750, both owned by root and the group
// of the web process. It replaces a socket that a crash left behind, and fails where another
// dataplane answers on it or where the directory contains anything else.
func Listen(ctx context.Context, path string, gid int) (*net.UnixListener, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("socket directory: %w", err)
	}
	if err := requireOwnDirectory(dir, filepath.Base(path)); err != nil {
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
		return nil, fmt.Errorf("%s exists and is not a socket", path)
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

// requireOwnDirectory refuses a directory with other entries: Listen changes its mode and owner, which
// would make /tmp or /run inaccessible to other users.
func requireOwnDirectory(dir, socket string) error {
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

// maxPeers is the number of simultaneous connections. The web process needs about ten; a misbehaving
// one must not exhaust the file descriptors that the dataplane needs for tunnels.
const maxPeers = 256

// Serve serves h on the socket until ctx ends, and then returns nil. Peers other than root and webUID
// are disconnected, whatever the mode of the socket is.
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
	err := srv.Serve(&peerAuth{UnixListener: l, uid: webUID, log: log, slots: make(chan struct{}, maxPeers)})
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// peerAuth is a listener that accepts only root and one uid, as the kernel reports them, and at most
// cap(slots) connections at once.
type peerAuth struct {
	*net.UnixListener
	uid   uint32
	log   *slog.Logger
	slots chan struct{} // holds one value for each open connection
}

func (p *peerAuth) Accept() (net.Conn, error) {
	for {
		c, err := p.AcceptUnix()
		if err != nil {
			return nil, err
		}
		uid, err := peerUID(c)
		if err != nil || uid != 0 && uid != p.uid {
			p.log.Warn("a connection to the socket was refused: its uid is not allowed", "uid", uid, "err", err)
			_ = c.Close()
			continue
		}
		select {
		case p.slots <- struct{}{}:
			return &peerConn{UnixConn: c, release: sync.OnceFunc(func() { <-p.slots })}, nil
		default:
			p.log.Warn("a connection to the socket was refused: too many are open", "uid", uid)
			_ = c.Close()
		}
	}
}

// peerConn releases its slot when it is closed.
type peerConn struct {
	*net.UnixConn
	release func()
}

func (c *peerConn) Close() error {
	c.release()
	return c.UnixConn.Close()
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
