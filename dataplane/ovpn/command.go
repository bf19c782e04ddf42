package ovpn

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// HoldRelease lets the worker open its port. It has no effect on a worker that is not on hold.
func (c *Conn) HoldRelease(ctx context.Context) error { return c.run(ctx, "hold release") }

// LogOn enables Log events and TLSRefused, which is made from them, for lines from now on.
func (c *Conn) LogOn(ctx context.Context) error { return c.run(ctx, "log on") }

// StateOn enables State events.
func (c *Conn) StateOn(ctx context.Context) error { return c.run(ctx, "state on") }

// ByteCount enables one ByteCount event per established client every interval, in whole seconds; 0
// disables them.
func (c *Conn) ByteCount(ctx context.Context, interval time.Duration) error {
	return c.run(ctx, "bytecount "+strconv.Itoa(wholeSeconds(interval)))
}

// Signal is a signal that a worker accepts on its management socket.
type Signal string

// The signals. SIGUSR1 restarts the worker with its present configuration. SIGHUP would read the
// configuration again from standard input, which is at its end by then. Both drop every client and
// start CIDs from 0 again.
const (
	SIGTERM Signal = "SIGTERM"
	SIGUSR1 Signal = "SIGUSR1"
)

// Signal sends the worker a signal.
func (c *Conn) Signal(ctx context.Context, s Signal) error { return c.run(ctx, "signal "+string(s)) }

// Pid returns the worker's process ID, to be compared with the recorded one.
func (c *Conn) Pid(ctx context.Context) (int, error) {
	text, err := c.runForText(ctx, "pid")
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimPrefix(text, "pid="))
	if err != nil {
		return 0, fmt.Errorf("pid of a worker: %w", err)
	}
	return pid, nil
}

// Status returns the list of clients.
func (c *Conn) Status(ctx context.Context) (Status, error) {
	reply, err := c.request(ctx, true, "status 3")
	if err != nil {
		return Status{}, fmt.Errorf("status of a worker: %w", err)
	}
	if text, failed := strings.CutPrefix(reply[len(reply)-1], "ERROR: "); failed {
		return Status{}, fmt.Errorf("status of a worker: %s", text)
	}
	return parseStatus(reply)
}

// Authorize admits a client with a configuration of its own. It returns ErrNoClient where the client
// has disconnected. After a Reauth no directives are needed: OpenVPN ignores them.
func (c *Conn) Authorize(ctx context.Context, cid CID, kid KID, ds []Directive) error {
	command, err := clientAuth(cid, kid, ds)
	if err != nil {
		return err
	}
	return c.runForClient(ctx, "authorize", cid, command...)
}

func clientAuth(cid CID, kid KID, ds []Directive) ([]string, error) {
	config, err := directiveLines(ds)
	if err != nil {
		return nil, fmt.Errorf("authorize client %d: %w", cid, err)
	}
	command := append([]string{fmt.Sprintf("client-auth %d %d", cid, kid)}, config...)
	return append(command, "END"), nil
}

// pendingText is sent to the client by Admit. No client acts on it.
const pendingText = "GRANTED"

// Admit is Authorize, and makes the worker process the client's state at once. Otherwise the worker
// waits until the client asks, which stock clients do a full second later: a login takes 1.1 s without
// this and 0.04 s with it (measured, 2.6.14). The only command that makes OpenVPN do so is
// client-pending-auth. It comes after the decision and does not change it; where it fails, the client
// is admitted when it asks.
func (c *Conn) Admit(ctx context.Context, cid CID, kid KID, ds []Directive) error {
	return c.AdmitAll(ctx, Admission{cid, kid, ds})[0]
}

// Admission is what one client is admitted with.
type Admission struct {
	CID        CID
	KID        KID
	Directives []Directive
}

// AdmitAll admits several clients by one write, and gives an error, or nil, for each.
func (c *Conn) AdmitAll(ctx context.Context, as ...Admission) []error {
	errs := make([]error, len(as))
	authorized := make([]*pendingReply, len(as))
	var commands [][]string
	var replies []*pendingReply
	for i, a := range as {
		command, err := clientAuth(a.CID, a.KID, a.Directives)
		if err != nil {
			errs[i] = err
			continue
		}
		authorized[i] = &pendingReply{done: make(chan struct{})}
		commands = append(commands, command, []string{pendingAuth(a.CID, a.KID, pendingText, HandWindow)})
		replies = append(replies, authorized[i], &pendingReply{done: make(chan struct{})}) // that to the second command does not matter
	}
	if len(commands) == 0 {
		return errs
	}
	failed := c.sendAll(ctx, commands, replies...)
	for i, a := range as {
		if authorized[i] == nil {
			continue
		}
		err := failed
		select {
		case <-authorized[i].done:
			_, err = authorized[i].text()
		default:
		}
		errs[i] = clientError("authorize", a.CID, err)
	}
	return errs
}

// Deny refuses a client. logReason is written to the worker's log, clientReason is shown to the user;
// both are cut to what fits. After a Reauth the client's connection ends at once.
func (c *Conn) Deny(ctx context.Context, cid CID, kid KID, logReason, clientReason string) error {
	// Clients interpret these prefixes as commands.
	if strings.HasPrefix(clientReason, "TEMP") || strings.HasPrefix(clientReason, "CRV1:") {
		clientReason = " " + clientReason
	}
	return c.deny(ctx, cid, kid, logReason, clientReason)
}

// DenyForNow refuses a client that shall connect again after backoff with the same credentials. It is
// used while a login cannot be decided.
func (c *Conn) DenyForNow(ctx context.Context, cid CID, kid KID, logReason, clientReason string, backoff time.Duration) error {
	return c.deny(ctx, cid, kid, logReason, fmt.Sprintf("TEMP[backoff %d]:%s", wholeSeconds(backoff), clientReason))
}

func (c *Conn) deny(ctx context.Context, cid CID, kid KID, logReason, clientReason string) error {
	head := fmt.Sprintf("client-deny %d %d ", cid, kid)
	const inLog = 80
	command := head + quoteParameter(fitSentence(logReason, inLog))
	command += " " + quoteParameter(fitSentence(clientReason, maxLine-len(command)-1))
	return c.runForClient(ctx, "deny", cid, command)
}

// maxPendingAuth is the length in bytes that clients accept; they drop a longer text silently.
const maxPendingAuth = 246

// PendingAuth defers the decision and tells the client what is needed: extra is
// "WEB_AUTH::https://…", "OPEN_URL:…" or "CR_TEXT:…", at most 246 bytes, also where it is quoted. The client gives up
// timeout after its TLS handshake, which OpenVPN caps at half of RenegInterval.
func (c *Conn) PendingAuth(ctx context.Context, cid CID, kid KID, extra string, timeout time.Duration) error {
	if len(extra) > maxPendingAuth || len(quoteParameter(extra)) > maxLine {
		return fmt.Errorf("ask client %d to log in: a text of %d bytes; clients accept at most %d", cid, len(extra), maxPendingAuth)
	}
	return c.runForClient(ctx, "ask for a login", cid, pendingAuth(cid, kid, extra, timeout))
}

// KeepWaiting has a client wait for its login until timeout after its TLS handshake, where its own timeout is shorter.
func (c *Conn) KeepWaiting(ctx context.Context, cid CID, kid KID, timeout time.Duration) error {
	return c.PendingAuth(ctx, cid, kid, "", timeout)
}

const pendingCommand = "client-pending-auth "

func pendingAuth(cid CID, kid KID, extra string, timeout time.Duration) string {
	return fmt.Sprintf(pendingCommand+"%d %d %s %d", cid, kid, quoteParameter(extra), wholeSeconds(timeout))
}

// Message is the text that Kill sends to a client.
type Message struct{ text string }

// Halt makes the client's program end: it does not connect again.
func Halt(text string) Message { return Message{"HALT," + text} }

// Restart makes the client connect again, within about a second. keepPassword keeps the password that
// the user typed; a token is kept in both cases.
func Restart(text string, keepPassword bool) Message {
	if keepPassword {
		return Message{"RESTART,[P]" + text}
	}
	if strings.HasPrefix(text, "[") { // would be read as flags
		text = " " + text
	}
	return Message{"RESTART," + text}
}

// Kill ends a client's connection, established or pending. OpenVPN holds its address and delays its
// Disconnect event for about five seconds more.
func (c *Conn) Kill(ctx context.Context, cid CID, m Message) error {
	head := fmt.Sprintf("client-kill %d ", cid)
	return c.runForClient(ctx, "kill", cid, head+quoteParameter(fitSentence(m.text, maxLine-len(head))))
}

// Drop ends at once, without a word to the client, what the worker keeps of a client at an address. It is
// for handshakes that were left: Kill would keep them for five seconds more. A client that is gone is no
// error.
func (c *Conn) Drop(ctx context.Context, peer netip.AddrPort) error {
	_, err := c.runForText(ctx, "kill "+peer.String())
	if err, ok := errors.AsType[*commandError](err); ok && strings.Contains(err.text, "not found") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("drop the client at %s: %w", peer, err)
	}
	return nil
}

// runForClient sends a command about a client. It returns ErrNoClient where the worker does not know
// the client.
func (c *Conn) runForClient(ctx context.Context, what string, cid CID, command ...string) error {
	_, err := c.runForText(ctx, command...)
	return clientError(what, cid, err)
}

// clientError adds to an error what was done to which client, and finds ErrNoClient in the worker's
// text.
func clientError(what string, cid CID, err error) error {
	if err, ok := errors.AsType[*commandError](err); ok && strings.Contains(err.text, "command failed") && !strings.Contains(err.text, "Extra") {
		return fmt.Errorf("%s client %d: %w", what, cid, ErrNoClient)
	}
	if err != nil {
		return fmt.Errorf("%s client %d: %w", what, cid, err)
	}
	return nil
}

func (c *Conn) run(ctx context.Context, command string) error {
	if _, err := c.runForText(ctx, command); err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	return nil
}

// commandError is the worker's text after ERROR.
type commandError struct{ text string }

func (e *commandError) Error() string { return "OpenVPN: " + e.text }

// runForText sends a command whose reply is one line, and returns the text after SUCCESS.
func (c *Conn) runForText(ctx context.Context, command ...string) (string, error) {
	a := &pendingReply{done: make(chan struct{})}
	if err := c.sendAll(ctx, [][]string{command}, a); err != nil {
		return "", err
	}
	return a.text()
}

// text returns the text after SUCCESS of a reply of one line, or a commandError.
func (r *pendingReply) text() (string, error) {
	last := r.lines[len(r.lines)-1]
	if text, ok := strings.CutPrefix(last, "SUCCESS: "); ok {
		return text, nil
	}
	return "", &commandError{strings.TrimPrefix(last, "ERROR: ")}
}
