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

// ErrHeld: somebody else is connected. OpenVPN talks to one client at a time; a second one
// connects and hears nothing.
var ErrHeld = errors.New("another process holds the management socket")

const (
	greetingWait = 3 * time.Second
	awaitEvery   = 20 * time.Millisecond
)

// Dial connects to a worker's management socket. It returns once the worker has greeted, or
// with ErrHeld where it does not within three seconds. A socket that is not there yet, or that
// refuses, is an os or net error: a worker needs some milliseconds to make it (see Await).
func Dial(ctx context.Context, path string) (*Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("dial worker: %w", err)
	}
	r := bufio.NewReaderSize(conn, longestLine)
	if err := greeting(ctx, conn, r); err != nil {
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

// Await dials a worker that was just started, again and again until its socket is there. It
// returns when ctx ends (end it when the worker does), or at any error but a missing socket.
func Await(ctx context.Context, path string) (*Conn, error) {
	tick := time.NewTicker(awaitEvery)
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

func greeting(ctx context.Context, conn net.Conn, r *bufio.Reader) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	_ = conn.SetReadDeadline(time.Now().Add(greetingWait))
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
		return fmt.Errorf("this is no OpenVPN: it did not greet")
	}
	return conn.SetReadDeadline(time.Time{})
}
