package ovpn

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

var (
	// ErrClosed is returned after the connection has ended; Err returns why.
	ErrClosed = errors.New("the management connection is closed")
	// ErrStalled means that the connection was closed because its events were not read.
	ErrStalled = errors.New("the worker's events are not read")
	// ErrNoClient means that the worker does not know the CID or KID, or no longer.
	ErrNoClient = errors.New("the worker has no such client")
)

const (
	commandTimeout = 10 * time.Second
	writeTimeout   = 5 * time.Second
	maxReadLine    = 64 << 10
)

// Conn is the management session with one worker. Its methods may be called from several goroutines;
// commands are sent one after another. It must be closed.
type Conn struct {
	conn   net.Conn
	queue  *queue
	events chan Event
	turn   chan struct{} // holds one value while a command is in flight; taken before mu

	mu      sync.Mutex // guards pending and err; no other lock is taken under it
	pending []*pendingReply
	err     error
	done    chan struct{} // the session has ended
	closed  chan struct{} // Close was called
	once    sync.Once
}

// pendingReply collects the reply to one command. It keeps its place after the caller has stopped
// waiting, because replies are matched to commands by their order alone.
type pendingReply struct {
	multi bool
	lines []string
	done  chan struct{}
}

// Events returns the worker's events in order. The channel is closed by Close, or when the connection
// has ended and every event before its end was received. The caller must receive them: a backlog of
// 50,000 events ends the connection with ErrStalled.
func (c *Conn) Events() <-chan Event { return c.events }

// Backlog returns how many events wait to be received, and how many informative ones (log lines, byte
// counts) were dropped because the backlog was too long.
func (c *Conn) Backlog() (waiting int, dropped uint64) { return c.queue.backlog() }

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err returns why the connection ended; nil while it is open.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the session. Tunnels are not affected; logins wait for the next Dial.
func (c *Conn) Close() error {
	c.fail(ErrClosed)
	c.once.Do(func() { close(c.closed) })
	return nil
}

func (c *Conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.err = err
	_ = c.conn.Close()
	close(c.done)
}

// fullText begins the log line of a client that is one more than max-clients. The client is not named in the line. A
// line in which a client can have its own text, as its common name, begins with the client's name and address.
const fullText = "MULTI: new incoming connection would exceed maximum number of clients"

// read parses the worker's lines until the connection ends. It waits only for the worker, never for the
// receiver of events.
func (c *Conn) read(r *bufio.Reader) {
	var parser Parser
	var refusals Refusals
	var full time.Time // of the last Full
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			c.fail(fmt.Errorf("%w: %w", ErrClosed, err))
			return
		}
		e, notification := parser.Line(strings.TrimRight(string(line), "\r\n"))
		if !notification {
			c.addReplyLine(strings.TrimRight(string(line), "\r\n"))
			continue
		}
		if e == nil {
			continue
		}
		ok := c.queue.put(e)
		if l, isLog := e.(Log); isLog {
			if refusal, complete := refusals.Log(l); complete {
				ok = c.queue.put(refusal)
			}
			if left, is := ParseGoodbye(l.Text); is {
				ok = c.queue.put(left)
			}
			if failed, is := ParseCipherFailure(l.Text); is {
				ok = c.queue.put(failed)
			}
			if packet, is := ParseUnreadable(l.Text); is {
				ok = c.queue.put(packet)
			}
			if strings.HasPrefix(l.Text, fullText) && time.Since(full) >= time.Second {
				full = time.Now()
				ok = c.queue.put(Full{})
			}
		}
		if !ok {
			c.fail(ErrStalled)
			return
		}
	}
}

// deliver sends events to the channel until Close, or until the connection has ended and every event was
// received.
func (c *Conn) deliver() {
	defer close(c.events)
	for {
		e, ok := c.queue.next()
		if ok {
			select {
			case c.events <- e:
				continue
			case <-c.closed:
				return
			}
		}
		select {
		case <-c.queue.wake:
		case <-c.closed:
			return
		case <-c.done:
			// No more events are put. One may have been put since next returned false: it must be sent.
			if waiting, _ := c.queue.backlog(); waiting == 0 {
				return
			}
		}
	}
}

// addReplyLine adds a line to the reply of the oldest pending command.
func (c *Conn) addReplyLine(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pending) == 0 {
		return
	}
	a := c.pending[0]
	a.lines = append(a.lines, line)
	if a.multi && line != "END" && !strings.HasPrefix(line, "ERROR:") {
		return
	}
	c.pending = c.pending[1:]
	close(a.done)
}

// request sends one command and waits for its reply. Where ctx ends first, the worker may still have
// carried out the command.
func (c *Conn) request(ctx context.Context, multi bool, command ...string) ([]string, error) {
	a := &pendingReply{multi: multi, done: make(chan struct{})}
	if err := c.sendAll(ctx, [][]string{command}, a); err != nil {
		return nil, err
	}
	return a.lines, nil
}

// sendAll sends several commands in one write, so that a busy worker reads them in one pass of its
// loop, and waits for the reply to each.
func (c *Conn) sendAll(ctx context.Context, commands [][]string, replies ...*pendingReply) error {
	var text []byte
	for _, command := range commands {
		part, err := encodeLines(command)
		if err != nil {
			return err
		}
		text = append(text, part...)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, commandTimeout, errors.New("the worker does not reply"))
	defer cancel()
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-c.done:
		return c.Err()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := c.write(text, replies...); err != nil {
		return err
	}
	for _, a := range replies {
		select {
		case <-a.done:
		case <-c.done:
			return c.Err()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (c *Conn) write(text []byte, replies ...*pendingReply) error {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return c.err
	}
	c.pending = append(c.pending, replies...)
	c.mu.Unlock()
	_ = c.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := c.conn.Write(text); err != nil {
		// The worker may have received a part of the command, so a following one would be misread.
		c.fail(fmt.Errorf("%w: %w", ErrClosed, err))
		return c.Err()
	}
	return nil
}
