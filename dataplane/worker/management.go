package worker

import (
	"context"
	"fmt"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/supervise"
	"sallyport/vpn"
)

const (
	listInterval = 5 * time.Second
	listTimeout  = 5 * time.Second
	maxMissed    = 3 // lists in a row without an answer: the process hangs and is replaced
)

// errReplaced says that another process runs in the worker's place.
var errReplaced = vpn.Refuse(vpn.Unavailable, vpn.CodeWorkerFailed, "OpenVPN ended right after its start.")

// Attach follows a run over a management connection that the caller has dialled. The worker has no
// process of its own then: tests attach a scripted peer.
func (w *Worker) Attach(ctx context.Context, instance string, conn *ovpn.Conn) error {
	w.mu.Lock()
	w.instance = instance
	w.mu.Unlock()
	return w.attach(ctx, nil, conn, nil)
}

// attach opens the management session with a process: its events arrive from here on. The packet
// filter's rules are in the kernel already, so the process may let clients in. status, where it is
// not nil, is reported before the first event. The connection is closed where attach fails.
func (w *Worker) attach(ctx context.Context, proc *supervise.Process, conn *ovpn.Conn, status *ovpn.Status) error {
	w.mu.Lock()
	current, instance := w.proc == proc, w.instance
	if current {
		w.conn = conn
	}
	w.mu.Unlock()
	if !current {
		_ = conn.Close()
		return errReplaced
	}
	if status != nil {
		w.setReady(conn)
		w.emit(instance, conn, Resumed{Status: *status, Left: w.left(proc)})
	}
	for _, command := range []func(context.Context) error{conn.LogOn, conn.StateOn, conn.HoldRelease} {
		if err := command(ctx); err != nil {
			_ = conn.Close()
			return err
		}
	}
	full := make(chan struct{}, 1)
	go w.follow(instance, conn, full)
	go w.list(instance, conn, full) //nolint:contextcheck // a management session lives as long as the endpoint, not as the call
	return nil
}

// follow handles the events of a run in their order until the connection ends. It sends to full, which
// holds one, where the process turned a client away.
func (w *Worker) follow(instance string, conn *ovpn.Conn, full chan<- struct{}) {
	for ev := range conn.Events() {
		switch ev := ev.(type) {
		case ovpn.Hold:
			if err := conn.HoldRelease(w.ctx); err != nil {
				w.log.Warn("worker stays on hold", "err", err)
			}
		case ovpn.State:
			if ev.Name == "CONNECTED" {
				w.setReady(conn)
			}
		case ovpn.Fatal:
			w.log.Error("worker reported a fatal error", "reason", ev.Text)
		case ovpn.Full:
			select {
			case full <- struct{}{}:
			default:
			}
		case ovpn.Connect, ovpn.Reauth, ovpn.Established, ovpn.Goodbye, ovpn.Disconnect, ovpn.CRResponse, ovpn.TLSRefused, ovpn.CipherFailure, ovpn.Unreadable:
			w.emit(instance, conn, ev)
		}
	}
	w.reconnect(conn)
	_ = conn.Close()
}

func (w *Worker) setReady(conn *ovpn.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn == conn && !w.ready {
		w.ready = true
		w.log.Info("worker listens", "port", w.Port)
		close(w.up)
	}
}

// Resume opens the management socket of an adopted process. A process that does not answer is
// killed, so that another one is started.
func (w *Worker) Resume(ctx context.Context) {
	w.mu.Lock()
	proc := w.proc
	w.mu.Unlock()
	if proc == nil {
		return
	}
	w.watch(proc)
	if err := w.resume(ctx, proc); err != nil {
		w.log.WarnContext(ctx, "an adopted worker does not answer and is replaced", "err", err)
		_ = proc.Kill()
	}
}

// resume opens the management session with a process that ran on without one.
func (w *Worker) resume(ctx context.Context, proc *supervise.Process) error {
	conn, err := dial(ctx, w.socket(), proc)
	if err != nil {
		return err
	}
	pid, err := conn.Pid(ctx)
	if err == nil && pid != proc.Identity().PID {
		err = fmt.Errorf("process %d answers in place of %d", pid, proc.Identity().PID)
	}
	var status ovpn.Status
	if err == nil {
		status, err = conn.Status(ctx)
	}
	if err != nil {
		_ = conn.Close()
		return err
	}
	return w.attach(ctx, proc, conn, &status)
}

// reconnect opens the management socket again where the connection broke although the process
// lives: its tunnels did not notice.
func (w *Worker) reconnect(conn *ovpn.Conn) {
	w.mu.Lock()
	proc := w.proc
	current := w.conn == conn && proc != nil && !w.stopping
	w.mu.Unlock()
	if !current || w.ctx.Err() != nil {
		return
	}
	w.log.Warn("the management connection broke and is opened again", "err", conn.Err())
	if err := w.resume(w.ctx, proc); err != nil && w.ctx.Err() == nil {
		w.log.Error("worker does not answer and is replaced", "err", err)
		_ = proc.Kill()
	}
}

// list asks a process for its clients at every interval, and where it is full. It notices one that hangs, and keeps
// its log short.
func (w *Worker) list(instance string, conn *ovpn.Conn, full <-chan struct{}) {
	tick := time.NewTicker(listInterval)
	defer tick.Stop()
	missed := 0
	for {
		crowded := false
		select {
		case <-conn.Done():
			return
		case <-w.ctx.Done():
			return
		case <-full:
			crowded = true
		case <-tick.C:
		}
		w.trimLog()
		ctx, cancel := context.WithTimeout(w.ctx, listTimeout)
		status, err := conn.Status(ctx)
		cancel()
		if err == nil {
			w.emit(instance, conn, Listed{Status: status, Full: crowded})
			missed = 0
			continue
		}
		if missed++; missed < maxMissed || w.ctx.Err() != nil {
			continue
		}
		if w.Conn(instance) == conn {
			w.Replace(instance, "worker does not answer and is replaced", err)
		}
		return
	}
}
