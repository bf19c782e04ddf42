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
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/supervise"
	"sallyport/vpn"
)

const (
	// maxSlots is the number of workers that this host can run: each has a uid and a port of its own.
	maxSlots = min(supervise.LastUID-supervise.FirstUID+1, vpn.MaxWorkers)
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

func (e *Engine) newWorker(slot int, device string) *worker {
	uid, _ := supervise.UID(slot) // slots are within its range
	return &worker{
		slot: slot, uid: uid, port: uint16(vpn.FirstWorkerPort + slot), device: device,
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
	if policy, _ := ep.policy.Current(); policy.MaxWorkers > 0 {
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
	for range ep.workerCount(d) - have {
		slot, ok := ep.takeSlot()
		if !ok {
			return vpn.Refuse(vpn.Conflict, vpn.CodeLimitExceeded, fmt.Sprintf("This host runs at most %d OpenVPN workers, and all are in use.", maxSlots))
		}
		ep.mu.Lock()
		ep.workers = append(ep.workers, ep.newWorker(slot, ep.freeDevice()))
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

// freeDevice is the first of the endpoint's device names that no worker has: after an adoption
// that is not always the next one. ep.mu is held.
func (ep *endpoint) freeDevice() string {
	for n := 0; ; n++ {
		if name := host.DeviceName(ep.id, n); ep.deviceFree(name) {
			return name
		}
	}
}

func (ep *endpoint) deviceFree(name string) bool {
	return !slices.ContainsFunc(ep.workers, func(w *worker) bool { return w.device == name })
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
	ep.repairs.Add(string(ep.id), "The tun device "+w.device+" had been deleted and was made again; its clients reconnect.", ep.now())
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
		ep.repairs.Add(string(ep.id), "The OpenVPN worker on "+w.device+" "+w.reason+" and is started again.", ep.now())
		time.AfterFunc(wait, ep.wake)
	}
	ep.interrupt(instance)
}

// stopWorkers ends all workers, side by side: each takes two seconds for its farewells. It tells
// whether all have ended.
func (ep *endpoint) stopWorkers(ctx context.Context) bool {
	var stopping sync.WaitGroup
	var left atomic.Bool
	ep.mu.Lock()
	for _, w := range ep.workers {
		proc := w.proc
		if proc == nil {
			continue
		}
		w.stopping = true
		stopping.Go(func() {
			if err := proc.Stop(ctx); err != nil {
				ep.log.Error("worker was not stopped", "device", w.device, "err", err)
				left.Store(true)
				return
			}
			ep.workerEnded(w, proc)
		})
	}
	ep.mu.Unlock()
	stopping.Wait()
	return !left.Load()
}
