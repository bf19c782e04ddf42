package dataplane

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"sallyport/dataplane/eventlog"
	"sallyport/dataplane/fault"
	"sallyport/dataplane/host"
	"sallyport/dataplane/host/firewall"
	"sallyport/dataplane/hostpolicy"
	"sallyport/dataplane/journal"
	"sallyport/dataplane/login"
	"sallyport/dataplane/nft"
	"sallyport/dataplane/ovpn"
	sessions "sallyport/dataplane/session"
	"sallyport/dataplane/supervise"
	"sallyport/vpn"
)

// Engine realizes every endpoint of this host.
type Engine struct {
	cfg      Config
	log      *slog.Logger
	now      func() time.Time
	instance string
	started  time.Time
	table    *nft.Table
	settings *host.Settings
	journal  *journal.Journal
	events   *eventlog.Log
	logins   *login.Queue // waiting for web, of all endpoints
	faults   *fault.List  // of the host
	policy   *hostpolicy.File
	repairs  fault.Repairs
	ctx      context.Context
	running  sync.WaitGroup

	limiter sessions.Limiter

	mu        sync.Mutex
	endpoints map[vpn.EndpointID]*endpoint
	slots     map[int]bool                    // workers' slots in use
	rules     map[vpn.EndpointID]nft.Endpoint // what each endpoint wants in the table
	uplinks   map[vpn.EndpointID][]string     // the interfaces each endpoint's networks are on
	unsure    bool                            // the last writing of the table failed: rules may not be what it holds
	obstacles []firewall.Obstacle
	openvpn   string // version that runs, for people
	lack      string // what the host lacks to carry tunnels at all
	stopping  bool   // nothing new is taken

	rulesMu sync.Mutex      // one rebuild of the table at a time; guards the next two; taken before mu
	owned   *nft.OwnedTable // nil until the table was applied once, and where the kernel has none
	marks   uint32          // bits that accepted packets get: ours, and those of owned tables of earlier processes

	savedMu sync.Mutex
	saved   []byte
}

// Open reads the journal of an earlier process and takes over what it left running. Run then
// does the work.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	e := &Engine{
		cfg: cfg, log: cfg.Log, now: time.Now, instance: rand.Text(), started: time.Now(),
		table: nft.New(nft.DefaultName, cfg.Log), faults: fault.NewList(), logins: login.NewQueue(), ctx: ctx,
		policy:    hostpolicy.NewFile(cfg.HostPolicy),
		endpoints: map[vpn.EndpointID]*endpoint{}, slots: map[int]bool{},
		rules: map[vpn.EndpointID]nft.Endpoint{}, uplinks: map[vpn.EndpointID][]string{},
	}
	for _, dir := range []string{"workers", "logs"} {
		// Workers pass through to their own directories, whose mode keeps everybody else out.
		// The mode is set apart from the making: a umask would shut them out.
		path := filepath.Join(cfg.RunDir, dir)
		if err := errors.Join(os.MkdirAll(path, 0o711), os.Chmod(path, 0o711)); err != nil {
			return nil, fmt.Errorf("run directory: %w", err)
		}
	}
	var err error
	if e.journal, err = journal.Open(filepath.Join(cfg.RunDir, "journal")); err != nil {
		return nil, err
	}
	if e.events, err = eventlog.Open(filepath.Join(cfg.RunDir, "events.ndjson"), e.now); err != nil {
		return nil, err
	}
	if e.settings, err = host.OpenSettings(filepath.Join(cfg.RunDir, "settings.json"), cfg.Log); err != nil {
		return nil, err
	}
	e.probe(ctx)
	e.findMarks(ctx)
	e.adopt(ctx)
	return e, nil
}

// faultLack is the check of what the host lacks; its subject is the host.
const faultLack = "lack"

// probe looks for what the host lacks. The first lack is a fault that every endpoint shows; when
// it is there the next one shows.
func (e *Engine) probe(ctx context.Context) {
	lacks := host.Probe()
	if err := nft.Probe(ctx); err != nil {
		lacks = append(lacks, adminMessage(err))
	}
	release, err := ovpn.Version(ctx, e.binary())
	version := ""
	if err == nil {
		version = release.String()
		if !e.cfg.AllowOldOpenVPN {
			err = release.Check()
		}
	}
	if err != nil {
		lacks = append(lacks, adminMessage(err))
	}
	first := ""
	if len(lacks) > 0 {
		first = lacks[0]
	}
	e.mu.Lock()
	e.openvpn, e.lack = version, first
	e.mu.Unlock()
	if e.faults.Set(faultLack, "", first, e.now()) {
		if first == "" {
			e.log.InfoContext(ctx, "this host can carry tunnels now")
			e.wakeAll()
		} else {
			e.log.ErrorContext(ctx, "this host cannot carry tunnels", "reason", first)
		}
	}
}

// lacking gives what the host lacks to carry tunnels at all, or "".
func (e *Engine) lacking() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lack
}

func (e *Engine) binary() string {
	if e.cfg.OpenVPN != "" {
		return e.cfg.OpenVPN
	}
	return host.OpenVPN()
}

// Run works until ctx ends. It leaves the kernel as it is: Stop cleans it.
func (e *Engine) Run(ctx context.Context) {
	e.running.Go(func() { e.inspect(ctx) })
	<-ctx.Done()
	e.running.Wait()
}

// endpoint finds an endpoint that was ever sent, or nil.
func (e *Engine) endpoint(id vpn.EndpointID) *endpoint {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.endpoints[id]
}

func (e *Engine) all() []*endpoint {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]*endpoint, 0, len(e.endpoints))
	for _, ep := range e.endpoints {
		out = append(out, ep)
	}
	return out
}

// takeSlot reserves a worker's slot: its uid and its port follow from it.
func (e *Engine) takeSlot() (int, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for n := range maxSlots {
		if !e.slots[n] {
			e.slots[n] = true
			return n, true
		}
	}
	return 0, false
}

func (e *Engine) giveSlot(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.slots, n)
}

// ruleset is the whole table's content: every endpoint's rules, and the interfaces that forward,
// or are about to, only because of us: for as long as they do.
func (e *Engine) ruleset() (nft.Ruleset, error) {
	e.mu.Lock()
	r := nft.Ruleset{Workers: nft.UIDs{First: supervise.FirstUID, Last: supervise.LastUID}, Mark: e.marks}
	interfaces := e.settings.Changed()
	for id, rules := range e.rules {
		r.Endpoints = append(r.Endpoints, rules)
		interfaces = append(interfaces, e.uplinks[id]...)
	}
	e.mu.Unlock()
	slices.SortFunc(r.Endpoints, func(a, b nft.Endpoint) int { return slices.Compare([]byte(a.ID), []byte(b.ID)) })
	slices.Sort(interfaces)
	interfaces = slices.DeleteFunc(slices.Compact(interfaces), func(name string) bool {
		// Nothing comes in by an interface that is gone, and it must not hold up what is revoked elsewhere.
		_, err := net.InterfaceByName(name)
		return err != nil
	})
	var err error
	r.HostForwarding, err = e.settings.WouldForward(interfaces...)
	return r, err
}

// setRules puts an endpoint's rules into the kernel: rules nil takes them out. Interfaces that
// nobody needs any more cease to forward before the rule goes that keeps strangers from it.
func (e *Engine) setRules(ctx context.Context, id vpn.EndpointID, rules *nft.Endpoint, uplinks []string) error {
	e.rulesMu.Lock()
	defer e.rulesMu.Unlock()
	e.mu.Lock()
	oldRules, had := e.rules[id]
	oldUplinks := e.uplinks[id]
	if rules == nil {
		delete(e.rules, id)
		delete(e.uplinks, id)
	} else {
		e.rules[id], e.uplinks[id] = *rules, uplinks
	}
	e.mu.Unlock()
	e.releaseSettings()
	r, err := e.ruleset()
	if err == nil {
		err = e.table.Apply(ctx, r)
	}
	if err == nil {
		e.openOwned(ctx)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.unsure = err != nil
	if err != nil {
		if had { // most likely still what is in the kernel
			e.rules[id], e.uplinks[id] = oldRules, oldUplinks
		} else {
			delete(e.rules, id)
			delete(e.uplinks, id)
		}
	}
	return err
}
