package dataplane

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"time"

	"sallyport/dataplane/ovpn"
)

const (
	pingEvery   = 5 * time.Second
	pingWait    = 5 * time.Second
	pingsMissed = 3 // in a row: the worker is wedged and is replaced
)

// follow handles a worker's events in their order until the dialogue ends.
func (ep *endpoint) follow(l dialogue) {
	ctx := ep.ctx
	for ev := range l.conn.Events() {
		switch ev := ev.(type) {
		case ovpn.Hold:
			if err := l.conn.HoldRelease(ctx); err != nil {
				ep.log.Warn("worker stays on hold", "device", l.worker.device, "err", err)
			}
		case ovpn.State:
			if ev.Name == "CONNECTED" {
				ep.workerReady(l)
			}
		case ovpn.Connect:
			ep.connect(ctx, l, ev)
		case ovpn.Reauth:
			ep.reauth(ctx, l, ev)
		case ovpn.Established:
			ep.established(l.client(ev.CID), ev)
		case ovpn.Disconnect:
			ep.disconnected(ctx, l.client(ev.CID))
		case ovpn.TLSRefused:
			ep.refused(ev)
		case ovpn.Fatal:
			ep.log.Error("worker gave up", "device", l.worker.device, "reason", ev.Text)
		}
	}
	ep.reattach(l)
	_ = l.conn.Close()
}

func (ep *endpoint) workerReady(l dialogue) {
	ep.mu.Lock()
	defer ep.mu.Unlock()
	if l.worker.conn == l.conn {
		ep.workerUp(l.worker)
	}
}

// ping notices a worker that runs and does nothing.
func (ep *endpoint) ping(l dialogue) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	missed := 0
	for {
		select {
		case <-l.conn.Done():
			return
		case <-ep.done:
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(ep.ctx, pingWait)
		_, err := l.conn.Pid(ctx)
		cancel()
		if err == nil {
			missed = 0
			continue
		}
		if missed++; missed < pingsMissed || ep.ctx.Err() != nil {
			continue
		}
		ep.mu.Lock()
		proc, mine := l.worker.proc, l.worker.conn == l.conn
		ep.mu.Unlock()
		if mine && proc != nil {
			ep.log.Error("worker does not answer and is replaced", "device", l.worker.device)
			_ = proc.Kill()
		}
		return
	}
}

// lastLine is the end of a worker's log, for the sentence that says why it ended.
func lastLine(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return "(" + err.Error() + ")"
	}
	defer f.Close()
	const enough, longest = 4 << 10, 300
	if info, err := f.Stat(); err == nil && info.Size() > enough {
		_, _ = f.Seek(-enough, io.SeekEnd)
	}
	b, _ := io.ReadAll(io.LimitReader(f, enough))
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	line := lines[len(lines)-1]
	return strings.ToValidUTF8(string(line[:min(len(line), longest)]), "?")
}
