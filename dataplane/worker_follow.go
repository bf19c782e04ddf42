package dataplane

import (
	"bytes"
	"context"
	"os"
	"strings"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

const (
	pingEvery   = 5 * time.Second
	pingWait    = 5 * time.Second
	pingsMissed = 3 // in a row: the worker is wedged and is replaced
)

// attach takes up the dialogue with a worker: from here its events arrive. Rules are in the
// kernel already, so the worker may let clients in.
func (ep *endpoint) attach(ctx context.Context, w *worker, conn *ovpn.Conn) error {
	ep.mu.Lock()
	w.conn = conn
	proc := w.proc
	ep.mu.Unlock()
	for _, command := range []func(context.Context) error{conn.LogOn, conn.StateOn, conn.HoldRelease} {
		if err := command(ctx); err != nil {
			return err
		}
	}
	go ep.follow(w, conn)
	go ep.ping(w, conn)
	if proc == nil {
		return vpn.Refuse(vpn.Unavailable, "WorkerFailed", "OpenVPN ended right after its start.")
	}
	return nil
}

// follow handles a worker's events in their order until the dialogue ends.
func (ep *endpoint) follow(w *worker, conn *ovpn.Conn) {
	ctx := ep.ctx
	for ev := range conn.Events() {
		switch ev := ev.(type) {
		case ovpn.Hold:
			if err := conn.HoldRelease(ctx); err != nil {
				ep.log.Warn("worker stays on hold", "device", w.device, "err", err)
			}
		case ovpn.State:
			if ev.Name == "CONNECTED" {
				ep.workerReady(w, conn)
			}
		case ovpn.Connect:
			ep.connect(ctx, w, conn, ev)
		case ovpn.Reauth:
			ep.reauth(ctx, w, conn, ev)
		case ovpn.Established:
			ep.established(w, ev)
		case ovpn.Disconnect:
			ep.disconnected(ctx, w, ev.CID)
		case ovpn.TLSRefused:
			ep.refused(ev)
		case ovpn.Fatal:
			ep.log.Error("worker gave up", "device", w.device, "reason", ev.Text)
		}
	}
	ep.reattach(w, conn)
}

func (ep *endpoint) workerReady(w *worker, conn *ovpn.Conn) {
	ep.mu.Lock()
	defer ep.mu.Unlock()
	if w.conn == conn && !w.ready {
		w.ready = true
		close(w.up)
	}
}

// reattach dials again where the dialogue broke although the worker lives on: its tunnels did
// not notice.
func (ep *endpoint) reattach(w *worker, old *ovpn.Conn) {
	ep.mu.Lock()
	proc := w.proc
	mine := w.conn == old && proc != nil && !w.stopping
	ep.mu.Unlock()
	if !mine || ep.ctx.Err() != nil {
		return
	}
	ep.log.Warn("the dialogue with a worker broke and is taken up again", "device", w.device, "err", old.Err())
	conn, err := dialWorker(ep.ctx, w.socket(), proc)
	if err == nil {
		err = ep.resumeDialogue(ep.ctx, w, conn)
	}
	if err != nil && ep.ctx.Err() == nil {
		ep.log.Error("worker cannot be spoken to and is replaced", "device", w.device, "err", err)
		_ = proc.Kill()
	}
}

// ping notices a worker that runs and does nothing.
func (ep *endpoint) ping(w *worker, conn *ovpn.Conn) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	missed := 0
	for {
		select {
		case <-conn.Done():
			return
		case <-ep.done:
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(ep.ctx, pingWait)
		_, err := conn.Pid(ctx)
		cancel()
		if err == nil {
			missed = 0
			continue
		}
		if missed++; missed < pingsMissed || ep.ctx.Err() != nil {
			continue
		}
		ep.mu.Lock()
		proc, mine := w.proc, w.conn == conn
		ep.mu.Unlock()
		if mine && proc != nil {
			ep.log.Error("worker does not answer and is replaced", "device", w.device)
			_ = proc.Kill()
		}
		return
	}
}

// lastLine is the end of a worker's log, for the sentence that says why it ended.
func lastLine(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return "(" + err.Error() + ")"
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	const longest = 300
	line := strings.ToValidUTF8(string(lines[len(lines)-1]), "?")
	return line[:min(len(line), longest)]
}
