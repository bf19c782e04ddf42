// Package worker runs one OpenVPN process of an endpoint: its tun device, its directory, its start,
// its end, and its management socket. It knows no session: what the process reports about clients
// goes to the endpoint as events.
package worker

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/journal"
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/supervise"
	"sallyport/vpn"
)

const (
	// MaxSlots is the number of workers that this host can run: each has a uid and a port of its own.
	MaxSlots = min(supervise.LastUID-supervise.FirstUID+1, vpn.MaxWorkers)
	// readyTimeout is how long a new process may take to listen.
	readyTimeout = 10 * time.Second
)

// Host is what the workers of a host share.
type Host struct {
	RunDir  string
	Binary  func() string   // path of the OpenVPN program
	Inherit func() *os.File // what stays open in the process, or nil
	Journal *journal.Journal
	Now     func() time.Time
}

// Worker is one OpenVPN process after the other under one slot: with one tun device, one uid, one
// directory and one port. It is safe for concurrent use.
type Worker struct {
	Slot   int
	Port   uint16
	Device string

	host     Host
	endpoint vpn.EndpointID
	uid      uint32
	dir      string
	log      *slog.Logger
	ctx      context.Context // ends with the endpoint: events are dropped then
	events   chan<- Event

	mu       sync.Mutex // guards the fields below; no other lock is taken under it
	config   string     // hash of the configuration that the process runs with
	index    int        // of the device; a device that was made again has another
	instance string     // names this run of the process; sessions refer to it
	proc     *supervise.Process
	conn     *ovpn.Conn
	ready    bool          // it listens
	up       chan struct{} // closed when ready
	started  time.Time
	backoff  supervise.Backoff
	next     time.Time // it is not started before
	reason   string    // why it does not run
	stopping bool      // its end is requested
}

// Record is what the journal has of a worker. The journal's field names are read by other versions
// of the program.
type Record struct {
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

// New makes a worker that does not run. Its events go to the channel until ctx ends; a send may
// block, and events of one run keep their order, but some may come after its Ended:
// Conn gives another connection then.
func New(ctx context.Context, h Host, endpoint vpn.EndpointID, slot int, device string, log *slog.Logger, events chan<- Event) *Worker {
	uid, _ := supervise.UID(slot) // slots are within its range
	return &Worker{
		Slot: slot, Port: uint16(vpn.FirstWorkerPort + slot), Device: device,
		host: h, endpoint: endpoint, uid: uid, dir: filepath.Join(h.RunDir, "workers", fmt.Sprint(slot)),
		log: log.With("device", device), ctx: ctx, events: events, up: make(chan struct{}),
	}
}

// Adopt takes over the process that an earlier dataplane started. Where it has ended the worker does
// not run. Resume opens its management socket.
func (w *Worker) Adopt(r Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.config, w.instance, w.started, w.index = r.Config, r.Instance, r.Started, r.Index
	proc, err := supervise.Adopt(r.Identity)
	if err != nil {
		w.log.Warn("a worker ended while no dataplane ran", "err", err)
		return
	}
	w.proc = proc
	w.log.Info("worker adopted", "pid", r.Identity.PID)
}

// Instance names the present or last run of the process; "" before the first.
func (w *Worker) Instance() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.instance
}

// Runs tells whether the process of an instance runs.
func (w *Worker) Runs(instance string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.proc != nil && w.instance == instance
}

// Conn is the management connection to a run, or nil.
func (w *Worker) Conn(instance string) *ovpn.Conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.instance != instance {
		return nil
	}
	return w.conn
}

func (w *Worker) socket() string { return filepath.Join(w.dir, "management.sock") }

// EnsureDevice makes the tun device. recreated tells that the device had been deleted while the
// process ran: the process reads from the deleted one, so it is ended.
func (w *Worker) EnsureDevice(gateway netip.Addr) (recreated bool, err error) {
	err = host.EnsureTun(host.Tun{Name: w.Device, UID: w.uid, GID: w.uid, Address: gateway})
	if err != nil {
		return false, fmt.Errorf("tun device %s: %w", w.Device, err)
	}
	link, err := net.InterfaceByName(w.Device)
	if err != nil {
		return false, fmt.Errorf("tun device %s: %w", w.Device, err)
	}
	w.mu.Lock()
	before, proc := w.index, w.proc
	w.index = link.Index
	w.mu.Unlock()
	if before == 0 || before == link.Index || proc == nil {
		return false, nil
	}
	w.log.Warn("a tun device had been deleted; its worker is replaced")
	if err := proc.Kill(); err != nil {
		return true, err
	}
	w.ended(proc)
	return true, nil
}

// Delete removes what a stopped worker leaves: the device, the directory, the journal entry.
func (w *Worker) Delete() {
	if err := host.DeleteTun(w.Device); err != nil {
		w.log.Error("tun device was not deleted", "err", err)
	}
	_ = os.RemoveAll(w.dir)
	w.removeOldLog()
	_ = w.host.Journal.Remove(journal.Workers, w.Device)
}
