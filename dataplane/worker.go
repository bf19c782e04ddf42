package dataplane

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"runtime"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/supervise"
	"sallyport/vpn"
)

const (
	// maxSlots is the number of workers that this host can run: each has a uid of its own.
	maxSlots = supervise.LastUID - supervise.FirstUID + 1
	// firstPort is the worker port of slot 0: below the ports that Linux gives to outgoing
	// connections, above those that services have.
	firstPort = 21000
	// defaultWorkers is the most an endpoint gets by itself: one process is one core.
	defaultWorkers = 4
	// maxClientsOfWorker is OpenVPN's own bound, a belt above ours.
	maxClientsOfWorker = 16384
	longestLog         = 4 << 20
)

// worker is one OpenVPN process with its own tun device, uid, directory and port. Fields below
// mu belong to the endpoint's mutex.
type worker struct {
	slot   int
	uid    uint32
	port   uint16
	device string
	dir    string

	// mu (the endpoint's):
	config   string // hash of the configuration that the process runs with
	index    int    // of the device; another one under the same name has another
	instance string // names this run of the process; keys of sessions hold it
	proc     *supervise.Process
	conn     *ovpn.Conn
	ready    bool          // it listens
	up       chan struct{} // closed when ready
	started  time.Time
	backoff  supervise.Backoff
	next     time.Time // no start before
	reason   string    // why it does not run
	stopping bool      // its end is our own doing
}

// workerRecord is what the journal has of a worker.
type workerRecord struct {
	Endpoint vpn.EndpointID     `json:"endpoint"`
	Slot     int                `json:"slot"`
	Device   string             `json:"device"`
	Port     uint16             `json:"port"`
	Config   string             `json:"config"`
	Instance string             `json:"instance"`
	Index    int                `json:"index"`
	Identity supervise.Identity `json:"identity"`
	Started  time.Time          `json:"started"`
}

func (w *worker) record(id vpn.EndpointID) workerRecord {
	r := workerRecord{Endpoint: id, Slot: w.slot, Device: w.device, Port: w.port, Config: w.config, Instance: w.instance, Index: w.index, Started: w.started}
	if w.proc != nil {
		r.Identity = w.proc.Identity()
	}
	return r
}

func (e *Engine) newWorker(id vpn.EndpointID, n, slot int) *worker {
	uid, _ := supervise.UID(slot) // slots are within its range
	return &worker{
		slot: slot, uid: uid, port: uint16(firstPort + slot), device: host.DeviceName(id, n),
		dir: filepath.Join(e.cfg.RunDir, "workers", fmt.Sprint(slot)), up: make(chan struct{}),
	}
}

func (w *worker) socket() string { return filepath.Join(w.dir, "management.sock") }

func (ep *endpoint) workerCount(d vpn.Desired) int {
	n := d.Workers
	if n == 0 {
		n = ep.cfg.Workers
	}
	if n == 0 {
		n = min(defaultWorkers, runtime.NumCPU())
	}
	if policy, _ := ep.policy.get(); policy.MaxWorkers > 0 {
		n = min(n, policy.MaxWorkers)
	}
	return n
}

// prepareWorkers makes the devices that the rules name. Workers are never taken away while the
// endpoint has an association: a device may carry a session.
func (ep *endpoint) prepareWorkers(d vpn.Desired) error {
	ep.mu.Lock()
	have := len(ep.workers)
	ep.mu.Unlock()
	for n := have; n < ep.workerCount(d); n++ {
		slot, ok := ep.takeSlot()
		if !ok {
			return vpn.Refuse(vpn.Conflict, "LimitExceeded", fmt.Sprintf("This host runs at most %d OpenVPN workers, and all are in use.", maxSlots))
		}
		ep.mu.Lock()
		ep.workers = append(ep.workers, ep.newWorker(ep.id, n, slot))
		ep.mu.Unlock()
	}
	ep.mu.Lock()
	workers := append([]*worker(nil), ep.workers...)
	ep.mu.Unlock()
	for _, w := range workers {
		err := host.EnsureTun(host.Tun{Name: w.device, UID: w.uid, GID: w.uid, Address: vpn.Gateway(d.ClientCIDR)})
		if err != nil {
			return fmt.Errorf("tun device %s: %w", w.device, err)
		}
		if err := ep.checkDevice(w); err != nil {
			return err
		}
	}
	return nil
}

// checkDevice notices a device that somebody deleted: what is there now under its name is
// another, and the worker reads from the one that is gone.
func (ep *endpoint) checkDevice(w *worker) error {
	link, err := net.InterfaceByName(w.device)
	if err != nil {
		return fmt.Errorf("tun device %s: %w", w.device, err)
	}
	ep.mu.Lock()
	before, proc := w.index, w.proc
	w.index = link.Index
	ep.mu.Unlock()
	if before == 0 || before == link.Index || proc == nil {
		return nil
	}
	ep.log.Warn("a tun device had been deleted; its worker is replaced", "device", w.device)
	ep.repairs.note(string(ep.id), "The tun device "+w.device+" had been deleted and was made again; its clients reconnect.", ep.now())
	if err := proc.Kill(); err != nil {
		return err
	}
	ep.workerEnded(w, proc)
	return nil
}

// configFor is a worker's configuration, and its hash: a worker with another hash is restarted.
func (ep *endpoint) configFor(w *worker, d vpn.Desired, node string) (ovpn.Config, string) {
	c := ovpn.Config{
		Device: w.device, DevNode: node, Gateway: vpn.Gateway(d.ClientCIDR), ClientCIDR: d.ClientCIDR,
		Transport: d.Listen.Transport, Listen: netip.AddrPortFrom(d.Listen.Addr, w.port),
		Management: w.socket(), ClientCertificates: true, Keys: d.Keys, MaxClients: maxClientsOfWorker,
	}
	// The public port is in it too: sessions of the old port would otherwise live on unseen.
	text, _ := json.Marshal([]any{c, d.Listen}) // Keys marshals itself in the clear; only the hash is kept
	sum := sha256.Sum256(text)
	return c, hex.EncodeToString(sum[:])
}

// runWorkers starts what should run, restarts what runs with an old configuration, and waits a
// moment for those to listen. The error says why not one of them does.
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
	deadline := time.NewTimer(workerReadyWait)
	defer deadline.Stop()
	ready := 0
	for _, w := range workers {
		ep.mu.Lock()
		up, proc := w.up, w.proc
		ep.mu.Unlock()
		if proc == nil {
			continue
		}
		select {
		case <-up:
			ready++
		case <-proc.Done():
			failure = vpn.Refuse(vpn.Unavailable, "WorkerFailed", "OpenVPN ended right after its start; the last line of its log: "+lastLine(ep.logPath(w)))
		case <-deadline.C:
			failure = vpn.Refuse(vpn.Unavailable, "WorkerFailed", "OpenVPN does not begin to listen.")
			deadline.Reset(0)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if ready == 0 {
		if failure == nil {
			failure = vpn.Refuse(vpn.Unavailable, "WorkerFailed", "OpenVPN is not running; it is started again in a moment.")
		}
		return failure
	}
	return nil
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
	proc, same, next := w.proc, w.config == hash, w.next
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
			return err
		}
		ep.workerEnded(w, proc)
	} else if same && ep.now().Before(next) {
		return vpn.Refuse(vpn.Unavailable, "WorkerFailed", "OpenVPN ended and is started again in a moment: "+w.reason)
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
		Log: ep.logPath(w), Dir: w.dir, UID: w.uid, GID: w.uid,
	})
	if err != nil {
		return err
	}
	ep.mu.Lock()
	w.proc, w.config, w.started, w.ready, w.up = proc, hash, ep.now(), false, make(chan struct{})
	w.instance = fmt.Sprintf("%s-%d-%d", w.device, proc.Identity().PID, proc.Identity().Start)
	record := w.record(ep.id)
	ep.mu.Unlock()
	if err := ep.journal.put(journalWorkers, w.device, record); err != nil {
		_ = proc.Kill() // a worker that no journal knows could not be adopted
		ep.workerEnded(w, proc)
		return err
	}
	ep.watchWorker(w, proc)
	conn, err := dialWorker(ctx, w.socket(), proc)
	if err != nil {
		_ = proc.Kill()
		return err
	}
	ep.log.Info("worker started", "device", w.device, "pid", proc.Identity().PID, "port", w.port)
	return ep.attach(ctx, w, conn)
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
		return nil, vpn.Refuse(vpn.Unavailable, "WorkerFailed", "OpenVPN ended right after its start.").Because(err)
	default:
		return conn, err
	}
}

// watchWorker notices the end of a process.
func (ep *endpoint) watchWorker(w *worker, proc *supervise.Process) {
	go func() {
		select {
		case <-proc.Done():
			ep.workerEnded(w, proc)
			ep.wake()
		case <-ep.done:
		}
	}()
}

// workerEnded takes note of a process's end, once: its clients are on their way back.
func (ep *endpoint) workerEnded(w *worker, proc *supervise.Process) {
	ep.mu.Lock()
	if w.proc != proc {
		ep.mu.Unlock()
		return
	}
	ran := ep.now().Sub(w.started)
	w.reason = proc.Exit().String()
	w.proc, w.ready = nil, false
	wait := w.backoff.Next(ran)
	w.next = ep.now().Add(wait)
	conn, instance, stopping := w.conn, w.instance, w.stopping
	w.conn, w.stopping = nil, false
	if stopping {
		w.next, w.backoff = time.Time{}, supervise.Backoff{}
	}
	ep.mu.Unlock()
	if conn != nil {
		_ = conn.Close()
	}
	if stopping {
		ep.log.Info("worker stopped", "device", w.device)
	} else {
		ep.log.Warn("worker ended", "device", w.device, "exit", w.reason, "ran", ran.Round(time.Second), "again_in", wait)
		ep.repairs.note(string(ep.id), "The OpenVPN worker on "+w.device+" "+w.reason+" and is started again.", ep.now())
		time.AfterFunc(wait, ep.wake)
	}
	ep.interrupt(instance)
}

func (ep *endpoint) stopWorkers(ctx context.Context) {
	ep.mu.Lock()
	workers := append([]*worker(nil), ep.workers...)
	ep.mu.Unlock()
	for _, w := range workers {
		ep.mu.Lock()
		proc := w.proc
		w.stopping = true
		ep.mu.Unlock()
		if proc == nil {
			continue
		}
		if err := proc.Stop(ctx); err != nil {
			ep.log.Error("worker was not stopped", "device", w.device, "err", err)
			continue
		}
		ep.workerEnded(w, proc)
	}
}
