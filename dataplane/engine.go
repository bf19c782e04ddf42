package dataplane

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/nft"
	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// Engine realizes every endpoint of this host.
type Engine struct {
	cfg      Config
	log      *slog.Logger
	now      func() time.Time
	instance string
	started  time.Time
	openvpn  string // version that runs, for people
	table    *nft.Table
	settings *host.Settings
	journal  *journal
	spool    *spool
	faults   *faults // of the host
	policy   *policyFile
	repairs  repairs
	ctx      context.Context
	running  sync.WaitGroup

	mu        sync.Mutex
	endpoints map[vpn.EndpointID]*endpoint
	slots     map[int]bool                    // workers' slots in use
	rules     map[vpn.EndpointID]nft.Endpoint // what each endpoint wants in the table
	uplinks   map[vpn.EndpointID][]string     // the interfaces each endpoint's networks are on
	obstacles []host.Obstacle

	rulesMu  sync.Mutex // one rebuild of the table at a time
	stopping bool
}

// Open reads the journal of an earlier process and takes over what it left running. Run then
// does the work.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	e := &Engine{
		cfg: cfg, log: cfg.Log, now: time.Now, instance: rand.Text(), started: time.Now(),
		table: nft.New(nft.DefaultName, cfg.Log), faults: newFaults(), ctx: ctx,
		policy:    &policyFile{path: cfg.HostPolicy},
		endpoints: map[vpn.EndpointID]*endpoint{}, slots: map[int]bool{},
		rules: map[vpn.EndpointID]nft.Endpoint{}, uplinks: map[vpn.EndpointID][]string{},
	}
	for _, dir := range []string{"workers", "logs"} {
		// Workers pass through to their own directories, whose mode keeps everybody else out.
		if err := os.MkdirAll(filepath.Join(cfg.RunDir, dir), 0o711); err != nil {
			return nil, fmt.Errorf("run directory: %w", err)
		}
	}
	var err error
	if e.journal, err = openJournal(filepath.Join(cfg.RunDir, "journal")); err != nil {
		return nil, err
	}
	if e.spool, err = openSpool(filepath.Join(cfg.RunDir, "events.ndjson"), e.now); err != nil {
		return nil, err
	}
	if e.settings, err = host.OpenSettings(filepath.Join(cfg.RunDir, "settings.json"), cfg.Log); err != nil {
		return nil, err
	}
	e.probe(ctx)
	return e, e.adopt(ctx)
}

// probe looks for what the host lacks. Each lack is a fault that every endpoint shows.
func (e *Engine) probe(ctx context.Context) {
	sentence := ""
	for _, lack := range host.Probe() {
		sentence = lack
		e.faults.set("probe:"+lack, "", lack, e.now())
	}
	if err := nft.Probe(ctx); err != nil {
		e.faults.set("nft", "", err.Error(), e.now())
		sentence = err.Error()
	} else {
		e.faults.set("nft", "", "", e.now())
	}
	release, err := ovpn.Version(ctx, e.binary())
	if err == nil {
		e.openvpn = release.String()
		if !e.cfg.AllowOldOpenVPN {
			err = release.Check()
		}
	}
	if err != nil {
		e.faults.set("openvpn", "", err.Error(), e.now())
		sentence = err.Error()
	} else {
		e.faults.set("openvpn", "", "", e.now())
	}
	if sentence != "" {
		e.log.ErrorContext(ctx, "this host cannot carry tunnels", "reason", sentence)
	}
}

// lacking gives what the host lacks to carry tunnels at all, or "".
func (e *Engine) lacking() string {
	for _, f := range e.faults.list() {
		if f.Subject == "" {
			return f.Sentence
		}
	}
	return ""
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

// sessionCount is the number of sessions of this host.
func (e *Engine) sessionCount() int {
	n := 0
	for _, ep := range e.all() {
		ep.mu.Lock()
		n += len(ep.sessions)
		ep.mu.Unlock()
	}
	return n
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

// ruleset is the whole table's content: every endpoint's rules, and which of the interfaces we
// forward from did not forward before.
func (e *Engine) ruleset() (nft.Ruleset, error) {
	e.mu.Lock()
	var r nft.Ruleset
	var interfaces []string
	for id, rules := range e.rules {
		r.Endpoints = append(r.Endpoints, rules)
		interfaces = append(interfaces, e.uplinks[id]...)
	}
	e.mu.Unlock()
	slices.SortFunc(r.Endpoints, func(a, b nft.Endpoint) int { return slices.Compare([]byte(a.ID), []byte(b.ID)) })
	slices.Sort(interfaces)
	var err error
	r.HostForwarding, err = e.settings.WouldForward(slices.Compact(interfaces)...)
	return r, err
}

// setRules puts an endpoint's rules into the kernel: rules nil takes them out. Where nothing
// changed nothing is done.
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
	r, err := e.ruleset()
	if err == nil {
		err = e.table.Apply(ctx, r)
	}
	if err != nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		if had { // what is in the kernel is what counts
			e.rules[id], e.uplinks[id] = oldRules, oldUplinks
		} else {
			delete(e.rules, id)
			delete(e.uplinks, id)
		}
	}
	return err
}
