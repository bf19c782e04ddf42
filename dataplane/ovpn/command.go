package ovpn

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// HoldRelease lets the worker open its port. A worker that is not on hold does not mind.
func (c *Conn) HoldRelease(ctx context.Context) error { return c.do(ctx, "hold release") }

// LogOn asks for Log events and, made from them, TLSRefused. Only lines from now on come.
func (c *Conn) LogOn(ctx context.Context) error { return c.do(ctx, "log on") }

// StateOn asks for State events.
func (c *Conn) StateOn(ctx context.Context) error { return c.do(ctx, "state on") }

// ByteCount asks for one ByteCount event per established client every interval, in whole
// seconds; 0 ends them.
func (c *Conn) ByteCount(ctx context.Context, interval time.Duration) error {
	return c.do(ctx, "bytecount "+strconv.Itoa(seconds(interval)))
}

// Signal is a signal that a worker takes over its socket.
type Signal string

// The signals. USR1 restarts the worker with the configuration it has, HUP would read it again
// from a standard input that is gone: both drop every client and count CIDs from 0 again.
const (
	SIGTERM Signal = "SIGTERM"
	SIGUSR1 Signal = "SIGUSR1"
)

// Signal sends the worker a signal.
func (c *Conn) Signal(ctx context.Context, s Signal) error { return c.do(ctx, "signal "+string(s)) }

// Pid asks for the worker's process ID, to be compared with the one that was recorded.
func (c *Conn) Pid(ctx context.Context) (int, error) {
	text, err := c.succeed(ctx, "pid")
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimPrefix(text, "pid="))
	if err != nil {
		return 0, fmt.Errorf("pid of a worker: %w", err)
	}
	return pid, nil
}

// Status asks for the list of clients.
func (c *Conn) Status(ctx context.Context) (Status, error) {
	answer, err := c.ask(ctx, true, "status 3")
	if err != nil {
		return Status{}, fmt.Errorf("status of a worker: %w", err)
	}
	if text, failed := strings.CutPrefix(answer[len(answer)-1], "ERROR: "); failed {
		return Status{}, fmt.Errorf("status of a worker: %s", text)
	}
	return parseStatus(answer)
}

// Authorize lets a client in with its own configuration. ErrNoClient where it has gone. After
// a Reauth no directives are needed: OpenVPN ignores them.
func (c *Conn) Authorize(ctx context.Context, cid CID, kid KID, ds []Directive) error {
	command, err := clientAuth(cid, kid, ds)
	if err != nil {
		return err
	}
	return c.client(ctx, "authorize", cid, command...)
}

func clientAuth(cid CID, kid KID, ds []Directive) ([]string, error) {
	config, err := lines(ds)
	if err != nil {
		return nil, fmt.Errorf("authorize client %d: %w", cid, err)
	}
	command := append([]string{fmt.Sprintf("client-auth %d %d", cid, kid)}, config...)
	return append(command, "END"), nil
}

// hurry is what a client is told with Admit: no word that any client acts on.
const hurry = "GRANTED"

// Admit is Authorize, and has the worker look at the client again at once. It would otherwise wait
// until the client asks, which stock clients do a full second later: a login takes 1.1 s without
// this and 0.04 s with it (measured, 2.6.14). The one command that makes OpenVPN look is the one
// that tells a client to wait; it comes after the decision and changes nothing of it. Where it
// fails the client has to ask, and that is all.
func (c *Conn) Admit(ctx context.Context, cid CID, kid KID, ds []Directive) error {
	command, err := clientAuth(cid, kid, ds)
	if err != nil {
		return err
	}
	authorized := &answer{done: make(chan struct{})}
	hurried := &answer{done: make(chan struct{})}
	err = c.askAll(ctx, [][]string{command, {pendingAuth(cid, kid, hurry, HandWindow)}}, authorized, hurried)
	select {
	case <-authorized.done: // whatever became of the second one
		_, err = authorized.success()
	default:
	}
	return aboutClient("authorize", cid, err)
}

// Deny refuses a client. logReason goes to the worker's log, clientReason to the person at the
// other end; both are cut to what fits. After a Reauth the client's connection ends at once.
func (c *Conn) Deny(ctx context.Context, cid CID, kid KID, logReason, clientReason string) error {
	// Clients take these words for commands to themselves.
	if strings.HasPrefix(clientReason, "TEMP") || strings.HasPrefix(clientReason, "CRV1:") {
		clientReason = " " + clientReason
	}
	return c.deny(ctx, cid, kid, logReason, clientReason)
}

// DenyForNow refuses a client that shall come again by itself after backoff, credentials kept:
// the answer while a login cannot be decided.
func (c *Conn) DenyForNow(ctx context.Context, cid CID, kid KID, logReason, clientReason string, backoff time.Duration) error {
	return c.deny(ctx, cid, kid, logReason, fmt.Sprintf("TEMP[backoff %d]:%s", seconds(backoff), clientReason))
}

func (c *Conn) deny(ctx context.Context, cid CID, kid KID, logReason, clientReason string) error {
	head := fmt.Sprintf("client-deny %d %d ", cid, kid)
	const inLog = 80
	command := head + quote(sentence(logReason, inLog))
	command += " " + quote(sentence(clientReason, maxLine-len(command)-1))
	return c.client(ctx, "deny", cid, command)
}

// longestPending is what clients take whole; a longer one is dropped without a word.
const longestPending = 246

// PendingAuth defers the decision and tells the client what is needed: extra is
// "WEB_AUTH::https://…", "OPEN_URL:…" or "CR_TEXT:…", at most 246 bytes. The client gives up
// after timeout, which OpenVPN caps at half of RenegInterval.
func (c *Conn) PendingAuth(ctx context.Context, cid CID, kid KID, extra string, timeout time.Duration) error {
	if len(extra) > longestPending {
		return fmt.Errorf("ask client %d to log in: %d bytes, at most %d reach a client", cid, len(extra), longestPending)
	}
	return c.client(ctx, "ask for a login", cid, pendingAuth(cid, kid, extra, timeout))
}

func pendingAuth(cid CID, kid KID, extra string, timeout time.Duration) string {
	return fmt.Sprintf("client-pending-auth %d %d %s %d", cid, kid, quote(extra), seconds(timeout))
}

// Message is what a client is told when it is killed.
type Message struct{ text string }

// Halt ends the client's program: it does not come back by itself.
func Halt(text string) Message { return Message{"HALT," + text} }

// Restart has the client connect again, within about a second. keepPassword keeps what the
// person typed; a token is kept either way.
func Restart(text string, keepPassword bool) Message {
	if keepPassword {
		return Message{"RESTART,[P]" + text}
	}
	if strings.HasPrefix(text, "[") { // would be read as flags
		text = " " + text
	}
	return Message{"RESTART," + text}
}

// Kill ends a client's connection, established or pending. Its address is held and its
// Disconnect outstanding for about five seconds more.
func (c *Conn) Kill(ctx context.Context, cid CID, m Message) error {
	head := fmt.Sprintf("client-kill %d ", cid)
	return c.client(ctx, "kill", cid, head+quote(sentence(m.text, maxLine-len(head))))
}

// client sends a command about a client; its failure says that the worker does not know it.
func (c *Conn) client(ctx context.Context, what string, cid CID, command ...string) error {
	_, err := c.succeed(ctx, command...)
	return aboutClient(what, cid, err)
}

func aboutClient(what string, cid CID, err error) error {
	if err, ok := errors.AsType[*commandError](err); ok && strings.Contains(err.text, "command failed") && !strings.Contains(err.text, "Extra") {
		return fmt.Errorf("%s client %d: %w", what, cid, ErrNoClient)
	}
	if err != nil {
		return fmt.Errorf("%s client %d: %w", what, cid, err)
	}
	return nil
}

func (c *Conn) do(ctx context.Context, command string) error {
	if _, err := c.succeed(ctx, command); err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	return nil
}

// commandError is a worker's refusal, in its own words.
type commandError struct{ text string }

func (e *commandError) Error() string { return "OpenVPN: " + e.text }

func (c *Conn) succeed(ctx context.Context, command ...string) (string, error) {
	a := &answer{done: make(chan struct{})}
	if err := c.askAll(ctx, [][]string{command}, a); err != nil {
		return "", err
	}
	return a.success()
}

// success is what an answer of one line says where the command succeeded.
func (a *answer) success() (string, error) {
	last := a.lines[len(a.lines)-1]
	if text, ok := strings.CutPrefix(last, "SUCCESS: "); ok {
		return text, nil
	}
	return "", &commandError{strings.TrimPrefix(last, "ERROR: ")}
}
