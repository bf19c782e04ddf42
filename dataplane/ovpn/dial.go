package ovpn

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// ErrHeld means that another process is connected. OpenVPN serves one management client at a time; a
// second one can connect but receives nothing.
var ErrHeld = errors.New("another process holds the management socket")

const (
	greetingTimeout = 3 * time.Second
	dialInterval    = 20 * time.Millisecond
)

// Dial connects to a worker's management socket and waits for the worker's greeting. It returns ErrHeld
// where none comes within three seconds. A socket that does not exist yet, or that refuses, gives an
// os or net error: a worker needs some milliseconds to create it (see Await).
func Dial(ctx context.Context, path string) (*Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("dial worker: %w", err)
	}
	r := bufio.NewReaderSize(conn, maxReadLine)
	if err := readGreeting(ctx, conn, r); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("dial worker: %w", err)
	}
	c := &Conn{
		conn: conn, queue: newQueue(), events: make(chan Event),
		turn: make(chan struct{}, 1), done: make(chan struct{}), closed: make(chan struct{}),
	}
	go c.read(r)
	go c.deliver()
	return c, nil
}

// Await is Dial for a worker that was just started: it retries while the socket does not exist or
// refuses. It returns at any other error, or when ctx ends; the caller ends ctx when the worker ends.
func Await(ctx context.Context, path string) (*Conn, error) {
	tick := time.NewTicker(dialInterval)
	defer tick.Stop()
	for {
		c, err := Dial(ctx, path)
		if !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED) {
			return c, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
}

func readGreeting(ctx context.Context, conn net.Conn, r *bufio.Reader) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	_ = conn.SetReadDeadline(time.Now().Add(greetingTimeout))
	s, err := r.ReadString('\n')
	if !stop() {
		return ctx.Err()
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrHeld
	case err != nil:
		return err
	case !strings.HasPrefix(s, ">INFO:OpenVPN Management Interface"):
		return fmt.Errorf("not an OpenVPN management socket: it sent no greeting")
	}
	return conn.SetReadDeadline(time.Time{})
}
