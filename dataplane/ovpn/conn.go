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
	// ErrClosed: the connection ended; Err says why.
	ErrClosed = errors.New("the management connection is closed")
	// ErrStalled: the connection was given up because nobody took its events.
	ErrStalled = errors.New("nobody takes the worker's events")
	// ErrNoClient: the worker does not know the CID or KID (any more).
	ErrNoClient = errors.New("the worker has no such client")
)

const (
	commandWait = 10 * time.Second
	writeWait   = 5 * time.Second
	longestLine = 64 << 10
)

// Conn is the dialogue with one worker. Its methods may be used at once from several
// goroutines; commands go out one after another. It must be closed.
type Conn struct {
	conn   net.Conn
	queue  *queue
	events chan Event
	turn   chan struct{} // held while a command is in flight

	mu      sync.Mutex
	waiting []*answer
	err     error
	done    chan struct{} // the dialogue has ended
	closed  chan struct{} // Close was called
	once    sync.Once
}

// answer is what a command is waiting for. One that nobody waits for any more keeps its place:
// answers carry no name, only an order.
type answer struct {
	multi bool
	lines []string
	done  chan struct{}
}

// Events gives the worker's events in order. The channel is closed once the connection has
// ended and what came before the end was taken, or by Close. Take them: 50,000 that nobody took end the connection with ErrStalled.
func (c *Conn) Events() <-chan Event { return c.events }

// Backlog tells how many events wait to be taken, and how many that only inform (log lines,
// byte counts) were dropped because too many did.
func (c *Conn) Backlog() (waiting int, dropped uint64) { return c.queue.backlog() }

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err says why the connection ended, nil while it has not.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the dialogue. Tunnels do not notice; logins wait for the next Dial.
func (c *Conn) Close() error {
	c.end(ErrClosed)
	c.once.Do(func() { close(c.closed) })
	return nil
}

func (c *Conn) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.err = err
	_ = c.conn.Close()
	close(c.done)
}

// read never waits for anybody but the worker.
func (c *Conn) read(r *bufio.Reader) {
	var parser Parser
	var refusals Refusals
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			c.end(fmt.Errorf("%w: %w", ErrClosed, err))
			return
		}
		e, notification := parser.Line(strings.TrimRight(string(line), "\r\n"))
		if !notification {
			c.answered(strings.TrimRight(string(line), "\r\n"))
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
		}
		if !ok {
			c.end(ErrStalled)
			return
		}
	}
}

// deliver hands events over until the connection has ended and everything was taken, or until
// Close says that nobody wants them.
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
			// Nothing is put any more. What was put since the look above is still owed.
			if waiting, _ := c.queue.backlog(); waiting == 0 {
				return
			}
		}
	}
}

// answered gives a line to the oldest command that has no answer yet.
func (c *Conn) answered(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) == 0 {
		return
	}
	a := c.waiting[0]
	a.lines = append(a.lines, line)
	if a.multi && line != "END" && !strings.HasPrefix(line, "ERROR:") {
		return
	}
	c.waiting = c.waiting[1:]
	close(a.done)
}

// ask sends one command and waits for its answer. Where ctx ends first the command may still
// have been carried out.
func (c *Conn) ask(ctx context.Context, multi bool, command ...string) ([]string, error) {
	a := &answer{multi: multi, done: make(chan struct{})}
	if err := c.askAll(ctx, [][]string{command}, a); err != nil {
		return nil, err
	}
	return a.lines, nil
}

// askAll sends several commands in one write, so that a busy worker reads them in one of its
// rounds, and waits for the answer to each.
func (c *Conn) askAll(ctx context.Context, commands [][]string, answers ...*answer) error {
	var text []byte
	for _, command := range commands {
		part, err := encode(command)
		if err != nil {
			return err
		}
		text = append(text, part...)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, commandWait, errors.New("the worker does not answer"))
	defer cancel()
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-c.done:
		return c.Err()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := c.send(text, answers...); err != nil {
		return err
	}
	for _, a := range answers {
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

func (c *Conn) send(text []byte, answers ...*answer) error {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return c.err
	}
	c.waiting = append(c.waiting, answers...)
	c.mu.Unlock()
	_ = c.conn.SetWriteDeadline(time.Now().Add(writeWait))
	if _, err := c.conn.Write(text); err != nil {
		// Half a command may be with the worker: nothing that follows would mean what it says.
		c.end(fmt.Errorf("%w: %w", ErrClosed, err))
		return c.Err()
	}
	return nil
}
