package dataplane

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"sallyport/dataplane/journal"
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/supervise"
	"sallyport/vpn"
)

// errAgain: something is to be looked at before a worker listens; reconcile begins anew.
var errAgain = errors.New("something changed meanwhile")

// runWorkers starts what should run, restarts what runs with an old configuration, and waits a
// moment for those to listen, unless something changes: what is revoked must not wait for a
// worker. The error says why not one of them listens.
func (ep *endpoint) runWorkers(ctx context.Context, d vpn.Desired) error {
	ep.mu.Lock()
	workers := append([]*worker(nil), ep.workers...)
	ep.mu.Unlock()
	var failure error
	for _, w := range workers {
		if err := ep.runWorker(ctx, w, d); err != nil {
			failure = err
		}
	}
	ready := 0
	for _, w := range workers {
		switch err := ep.awaitWorker(ctx, w); {
		case err == nil:
			ready++
		case errors.Is(err, errAgain) || ctx.Err() != nil:
			return err
		case failure == nil:
			failure = err
		}
	}
	if ready == 0 {
		return failure
	}
	return nil
}

// awaitWorker waits until a worker listens, for as long after its start as a fresh one may take.
func (ep *endpoint) awaitWorker(ctx context.Context, w *worker) error {
	ep.mu.Lock()
	up, proc, started := w.up, w.proc, w.started
	ep.mu.Unlock()
	if proc == nil {
		return vpn.Refuse(vpn.Unavailable, vpn.CodeWorkerFailed, "OpenVPN is not running; it is started again in a moment.")
	}
	deadline := time.NewTimer(workerReadyWait - ep.now().Sub(started))
	defer deadline.Stop()
	select { // one that listens is not asked what else is the matter
	case <-up:
		return nil
	default:
	}
	select {
	case <-up:
		return nil
	case <-ep.kick:
		ep.wake()
		return errAgain
	case <-proc.Done():
		return vpn.Refuse(vpn.Unavailable, vpn.CodeWorkerFailed, "OpenVPN ended right after its start; the last line of its log: "+lastLine(ep.logPath(w)))
	case <-deadline.C:
		return vpn.Refuse(vpn.Unavailable, vpn.CodeWorkerFailed, "OpenVPN does not begin to listen.")
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (ep *endpoint) logPath(w *worker) string {
	return filepath.Join(ep.cfg.RunDir, "logs", w.device+".log")
}

func (ep *endpoint) runWorker(ctx context.Context, w *worker, d vpn.Desired) error {
	if err := supervise.MakeDir(w.dir, w.uid, w.uid); err != nil {
		return err
	}
	node, err := supervise.TunNode(w.dir, w.uid, w.uid)
	if err != nil {
		return err
	}
	config, hash := ep.configFor(w, d, node)
	ep.mu.Lock()
	proc, same, next, reason := w.proc, w.config == hash, w.next, w.reason
	ep.mu.Unlock()
	if proc != nil && same {
		_ = supervise.TrimLog(ep.logPath(w), longestLog)
		return nil
	}
	if proc != nil {
		ep.log.Info("worker is restarted with a new configuration", "device", w.device)
		ep.mu.Lock()
		w.stopping = true
		ep.mu.Unlock()
		if err := proc.Stop(ctx); err != nil {
			ep.mu.Lock()
			w.stopping = false
			ep.mu.Unlock()
			return err
		}
		ep.workerEnded(w, proc)
	} else if same && ep.now().Before(next) {
		return vpn.Refuse(vpn.Unavailable, vpn.CodeWorkerFailed, "OpenVPN ended and is started again in a moment: "+reason)
	}
	return ep.startWorker(ctx, w, config, hash)
}

func (ep *endpoint) startWorker(ctx context.Context, w *worker, config ovpn.Config, hash string) error {
	input, err := config.Render()
	if err != nil {
		return err
	}
	proc, err := supervise.Start(supervise.Spec{
		Binary: ep.binary(), Args: []string{"--config", "stdin"}, Input: input,
		Log: ep.logPath(w), Dir: w.dir, UID: w.uid, GID: w.uid, Inherit: ep.ownedSocket(),
	})
	if err != nil {
		return err
	}
	ep.mu.Lock()
	w.proc, w.config, w.started, w.ready, w.up = proc, hash, ep.now(), false, make(chan struct{})
	w.instance = fmt.Sprintf("%s-%d-%d", w.device, proc.Identity().PID, proc.Identity().Start)
	record := w.record(ep.id)
	ep.mu.Unlock()
	if err := ep.journal.Put(journal.Workers, w.device, record); err != nil {
		_ = proc.Kill() // a worker that no journal knows could not be adopted
		ep.workerEnded(w, proc)
		return err
	}
	ep.watchWorker(w, proc)
	conn, err := dialWorker(ctx, w.socket(), proc)
	if err == nil {
		err = ep.attach(ctx, w, proc, conn)
	}
	if err != nil {
		_ = proc.Kill() // a worker that nobody speaks with lets nobody in
		return err
	}
	ep.log.Info("worker started", "device", w.device, "pid", proc.Identity().PID, "port", w.port)
	return nil
}

// dialWorker reaches a worker's socket, which takes a fresh process some milliseconds to make.
func dialWorker(ctx context.Context, path string, proc *supervise.Process) (*ovpn.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, workerReadyWait)
	defer cancel()
	go func() {
		select {
		case <-proc.Done():
			cancel()
		case <-ctx.Done():
		}
	}()
	conn, err := ovpn.Await(ctx, path)
	select {
	case <-proc.Done():
		if conn != nil {
			_ = conn.Close()
		}
		return nil, vpn.Refuse(vpn.Unavailable, vpn.CodeWorkerFailed, "OpenVPN ended right after its start.").Because(err)
	default:
		return conn, err
	}
}
