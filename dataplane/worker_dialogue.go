package dataplane

import (
	"context"
	"errors"
	"fmt"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/supervise"
	"sallyport/vpn"
)

// dialogue is what is said with one run of a worker: a CID that it names is a client of this
// instance, whatever runs in the worker's place by the time that somebody listens.
type dialogue struct {
	worker   *worker
	conn     *ovpn.Conn
	instance string
}

func (l dialogue) client(cid ovpn.CID) client { return client{l.instance, cid} }

// errReplaced: another process runs in the worker's place by now.
var errReplaced = vpn.Refuse(vpn.Unavailable, vpn.CodeWorkerFailed, "OpenVPN ended right after its start.")

// attach takes up the dialogue with a worker: from here its events arrive. Rules are in the
// kernel already, so the worker may let clients in. Where it fails the dialogue is over.
func (ep *endpoint) attach(ctx context.Context, w *worker, proc *supervise.Process, conn *ovpn.Conn) error {
	ep.mu.Lock()
	current := w.proc == proc
	if current {
		w.conn = conn
	}
	l := dialogue{worker: w, conn: conn, instance: w.instance}
	ep.mu.Unlock()
	if !current {
		_ = conn.Close()
		return errReplaced
	}
	for _, command := range []func(context.Context) error{conn.LogOn, conn.StateOn, conn.HoldRelease} {
		if err := command(ctx); err != nil {
			_ = conn.Close()
			return err
		}
	}
	go ep.follow(l)
	go ep.ping(l) //nolint:contextcheck // a dialogue lives as long as the engine, not as the call
	return nil
}

// redial takes up the dialogue with a worker that ran on without one.
func (ep *endpoint) redial(ctx context.Context, w *worker, proc *supervise.Process) error {
	conn, err := dialWorker(ctx, w.socket(), proc)
	if err != nil {
		return err
	}
	if err := ep.resumeDialogue(ctx, w, proc, conn); err != nil {
		_ = conn.Close()
		return err
	}
	return nil
}

// resumeDialogue makes both sides agree after a time without dialogue: sessions that the worker
// still has go on, those it lost end, clients that it has and we never let in are sent away, and
// logins that waited are to be made again.
func (ep *endpoint) resumeDialogue(ctx context.Context, w *worker, proc *supervise.Process, conn *ovpn.Conn) error {
	pid, err := conn.Pid(ctx)
	if err != nil {
		return err
	}
	if pid != proc.Identity().PID {
		return fmt.Errorf("process %d answers in place of %d", pid, proc.Identity().PID)
	}
	status, err := conn.Status(ctx)
	if err != nil {
		return err
	}
	found, err := ep.compare(w, proc, status)
	if err != nil {
		return err
	}
	ep.end(ctx, ending{reason: "The client disconnected."}, found.lost...)
	if err := ep.attach(ctx, w, proc, conn); err != nil {
		return err
	}
	for _, s := range found.waiting {
		// Nobody knows whether the answer was given before. Given twice it does no harm.
		if err := ep.answerAgain(ctx, conn, s); err != nil {
			again := ovpn.Restart("Try again", true)
			ep.end(ctx, ending{reason: "The client could not be let in.", message: &again}, s)
		}
	}
	for _, cid := range found.strangers {
		// [P]: a client that waits for its login comes back with what its user typed.
		if err := conn.Kill(ctx, cid, ovpn.Restart("Try again", true)); err != nil && !errors.Is(err, ovpn.ErrNoClient) {
			return err
		}
	}
	return nil
}

// comparison is what a worker's own list says of our books.
type comparison struct {
	lost      []*session // the worker does not have them
	waiting   []*session // it has them and waits for our answer
	strangers []ovpn.CID // clients of no session
}

func (ep *endpoint) compare(w *worker, proc *supervise.Process, status ovpn.Status) (comparison, error) {
	strangers := map[ovpn.CID]ovpn.StatusClient{}
	for _, c := range status.Clients {
		strangers[c.CID] = c
	}
	var out comparison
	var news []*session
	ep.gate.Lock()
	defer ep.gate.Unlock()
	ep.mu.Lock()
	if w.proc != proc {
		ep.mu.Unlock()
		return out, errReplaced
	}
	for c, s := range ep.roster.clients {
		if c.instance != w.instance {
			continue
		}
		is, has := strangers[c.cid]
		switch {
		case !has || is.Addr.IsValid() && is.Addr != s.Addr:
			out.lost = append(out.lost, s)
			continue
		case !is.Addr.IsValid(): // one that returns by its token was established before
			out.waiting = append(out.waiting, s)
		case !s.Established:
			s.Established = true
			news = append(news, s)
			fallthrough
		default:
			ep.roster.mark(s, true)
		}
		delete(strangers, c.cid)
	}
	for _, p := range ep.pending {
		if p.client.instance == w.instance {
			ep.forgetLogin(p)
		}
	}
	ep.workerUp(w)
	ep.mu.Unlock()
	for _, s := range news {
		ep.events.Add(vpn.Event{Established: s.event()})
		if err := ep.journalSession(s); err != nil {
			ep.log.Error("an established session was not journalled", "connection", s.Connection, "err", err)
		}
	}
	for cid := range strangers {
		out.strangers = append(out.strangers, cid)
	}
	return out, nil
}

// answerAgain lets a client in whose answer may not have reached the worker.
func (ep *endpoint) answerAgain(ctx context.Context, conn *ovpn.Conn, s *session) error {
	directives, err := ep.admit(s)
	if err != nil {
		return err
	}
	return conn.Admit(ctx, s.CID, s.KID, directives)
}

// workerUp notes that a worker listens; ep.mu is held.
func (ep *endpoint) workerUp(w *worker) {
	if !w.ready {
		w.ready = true
		close(w.up)
	}
}

// reattach dials again where the dialogue broke although the worker lives on: its tunnels did
// not notice.
func (ep *endpoint) reattach(l dialogue) {
	ep.mu.Lock()
	proc := l.worker.proc
	mine := l.worker.conn == l.conn && proc != nil && !l.worker.stopping
	ep.mu.Unlock()
	if !mine || ep.ctx.Err() != nil {
		return
	}
	ep.log.Warn("the dialogue with a worker broke and is taken up again", "device", l.worker.device, "err", l.conn.Err())
	if err := ep.redial(ep.ctx, l.worker, proc); err != nil && ep.ctx.Err() == nil {
		ep.log.Error("worker cannot be spoken to and is replaced", "device", l.worker.device, "err", err)
		_ = proc.Kill()
	}
}
