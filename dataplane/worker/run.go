package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/journal"
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/supervise"
	"sallyport/vpn"
)

// maxClients is OpenVPN's own limit of clients; the pool of addresses is smaller.
const maxClients = 16384

// ErrInterrupted says that AwaitReady was interrupted before the worker listened.
var ErrInterrupted = errors.New("interrupted before the worker listened")

// Run starts the process where it does not run, and restarts it where its configuration differs: then it calls before first, whose
// error leaves the process as it is. It returns once the management connection is open. The Unavailable error says why it does not run.
func (w *Worker) Run(ctx context.Context, d vpn.Desired, before func() error) error {
	if err := supervise.MakeDir(w.dir, w.uid, w.uid); err != nil {
		return err
	}
	node, err := supervise.TunNode(w.dir, w.uid, w.uid)
	if err != nil {
		return err
	}
	config, hash := w.configuration(d, node)
	w.mu.Lock()
	proc, same, next, reason := w.proc, w.config == hash, w.next, w.reason
	w.mu.Unlock()
	if proc != nil && same {
		return nil
	}
	if proc != nil {
		if err := before(); err != nil {
			return err
		}
		w.log.Info("worker is restarted with a new configuration")
		if err := w.Stop(ctx); err != nil {
			return err
		}
	} else if same && w.host.Now().Before(next) {
		return vpn.Refuse(vpn.Unavailable, vpn.CodeWorkerFailed, "OpenVPN ended and is started again in a moment: "+reason)
	}
	return w.start(ctx, config, hash)
}

// configuration gives the configuration and its hash: a process with another hash is restarted.
func (w *Worker) configuration(d vpn.Desired, node string) (ovpn.Config, string) {
	c := ovpn.Config{
		Device: w.Device, DevNode: node, Gateway: vpn.Gateway(d.ClientCIDR), ClientCIDR: d.ClientCIDR,
		Transport: d.Listen.Transport, Listen: netip.AddrPortFrom(d.Listen.Addr, w.Port),
		Management: w.socket(), ClientCertificates: !d.WithoutCertificates, Passwords: d.Passwords, Browser: d.Browser, Keys: d.Keys, MaxClients: maxClients,
	}
	// The public port is hashed too: sessions of the old port would otherwise continue unseen.
	text, _ := json.Marshal([]any{c, d.Listen}) // Keys marshals itself in the clear; only the hash is kept
	sum := sha256.Sum256(text)
	return c, hex.EncodeToString(sum[:])
}

func (w *Worker) start(ctx context.Context, config ovpn.Config, hash string) error {
	input, err := config.Render()
	if err != nil {
		return err
	}
	ended, err := supervise.EndOthers(w.uid)
	if err != nil {
		return fmt.Errorf("end processes that an earlier worker left behind: %w", err)
	}
	if ended > 0 {
		w.log.Warn("processes that an earlier worker left behind were ended", "count", ended, "uid", w.uid)
	}
	if err := host.ForgetFlowsToWorker(w.Port); err != nil { // the worker is of more use than its neighbours' lists are spoiled
		w.log.Warn("flows to the worker that had the port before were not deleted", "port", w.Port, "err", err)
	}
	proc, err := supervise.Start(supervise.Spec{
		Binary: w.host.Binary(), Args: []string{"--config", "stdin"}, Input: input,
		Dir: w.dir, UID: w.uid, GID: w.uid, Inherit: w.host.Inherit(),
	})
	if err != nil {
		return err
	}
	id := proc.Identity()
	w.mu.Lock()
	w.proc, w.config, w.started, w.ready, w.up = proc, hash, w.host.Now(), false, make(chan struct{})
	w.instance = fmt.Sprintf("%s-%d-%d", w.Device, id.PID, id.Start)
	instance := w.instance
	record := Record{
		Endpoint: w.endpoint, Slot: w.Slot, Device: w.Device, Port: w.Port, Config: hash, Instance: instance,
		Index: w.index, Identity: id, Started: w.started,
	}
	w.mu.Unlock()
	if err := w.host.Journal.Put(journal.Workers, w.Device, record); err != nil {
		// A worker that is not in the journal could not be adopted.
		if proc.Kill() == nil {
			w.ended(proc)
		} else {
			w.watch(proc) // it still runs
		}
		return err
	}
	w.removeOldLog()
	w.watch(proc)
	conn, err := dial(ctx, w.socket(), proc)
	if err == nil {
		err = w.attach(ctx, proc, conn, nil)
	}
	if err != nil {
		_ = proc.Kill() // without a management connection it lets no client in
		return err
	}
	w.log.Info("worker started", "pid", id.PID, "port", w.Port)
	return nil
}

// AwaitReady waits until the process listens, for as long after its start as a new process may take.
// It returns ErrInterrupted where interrupt can be received from first; a worker that listens is
// never interrupted.
func (w *Worker) AwaitReady(ctx context.Context, interrupt <-chan struct{}) error {
	w.mu.Lock()
	up, proc, started := w.up, w.proc, w.started
	w.mu.Unlock()
	if proc == nil {
		return vpn.Refuse(vpn.Unavailable, vpn.CodeWorkerFailed, "OpenVPN is not running; it is started again in a moment.")
	}
	select {
	case <-up:
		return nil
	default:
	}
	deadline := time.NewTimer(readyTimeout - w.host.Now().Sub(started))
	defer deadline.Stop()
	select {
	case <-up:
		return nil
	case <-interrupt:
		return ErrInterrupted
	case <-proc.Done():
		return vpn.Refuse(vpn.Unavailable, vpn.CodeWorkerFailed, "OpenVPN ended right after its start; the last line of its log: "+lastLine(proc.Log()))
	case <-deadline.C:
		return vpn.Refuse(vpn.Unavailable, vpn.CodeWorkerFailed, "OpenVPN does not begin to listen.")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stop ends the process and waits for it. The error says that it still runs.
func (w *Worker) Stop(ctx context.Context) error {
	w.mu.Lock()
	proc := w.proc
	w.stopping = proc != nil
	w.mu.Unlock()
	if proc == nil {
		return nil
	}
	if err := proc.Stop(ctx); err != nil {
		w.mu.Lock()
		w.stopping = false
		w.mu.Unlock()
		return err
	}
	w.ended(proc)
	return nil
}

// Replace kills the process of an instance, so that another one is started.
func (w *Worker) Replace(instance, message string, err error) {
	w.mu.Lock()
	proc, current := w.proc, w.instance == instance
	w.mu.Unlock()
	if current && proc != nil {
		w.log.Error(message, "err", err) //nolint:sloglint // each caller gives a constant
		_ = proc.Kill()
	}
}

// watch notices the end of a process.
func (w *Worker) watch(proc *supervise.Process) {
	go func() {
		select {
		case <-proc.Done():
			w.ended(proc)
		case <-w.ctx.Done():
		}
	}()
}

// ended notes the end of a process and reports it, once.
func (w *Worker) ended(proc *supervise.Process) {
	w.mu.Lock()
	if w.proc != proc {
		w.mu.Unlock()
		return
	}
	ran := w.host.Now().Sub(w.started)
	w.reason = proc.Exit().String()
	listened := w.ready
	w.proc, w.ready = nil, false
	again := w.backoff.Next(ran)
	w.next = w.host.Now().Add(again)
	conn, instance, stopping := w.conn, w.instance, w.stopping
	w.conn, w.stopping = nil, false
	if stopping {
		w.next, w.backoff, again = time.Time{}, supervise.Backoff{}, 0
	}
	event := Ended{Requested: stopping, Reason: w.reason, Ran: ran, Again: again}
	w.mu.Unlock()
	if conn != nil {
		_ = conn.Close()
	}
	if stopping {
		w.log.Info("worker stopped")
	} else {
		w.log.Warn("worker ended", "exit", event.Reason, "ran", ran.Round(time.Second), "again_in", again)
		if text := startText(proc.Log()); !listened && text != "" {
			w.log.Warn("the worker did not begin to listen; it wrote", "text", text)
		}
	}
	w.emit(instance, nil, event)
}

// dial opens a worker's management socket, which a new process takes some milliseconds to make.
func dial(ctx context.Context, path string, proc *supervise.Process) (*ovpn.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
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
