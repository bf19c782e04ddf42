package dataplane

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"sallyport/dataplane/eventlog"
	"sallyport/dataplane/fault"
	"sallyport/dataplane/host"
	"sallyport/dataplane/hostpolicy"
	"sallyport/dataplane/journal"
	"sallyport/dataplane/login"
	"sallyport/dataplane/nft"
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

// Engine realizes every endpoint of this host.
type Engine struct {
	cfg      Config
	log      *slog.Logger
	now      func() time.Time
	instance string
	started  time.Time
	ctx      context.Context // ends with the process: endpoints live as long
	running  sync.WaitGroup  // Run's work, which Stop ends first
	halted   context.Context // ends when halt is called
	halt     context.CancelFunc

	// What endpoints share. Each has a lock of its own.
	filter  *filter
	journal *journal.Journal
	events  *eventlog.Log
	logins  *login.Queue
	policy  *hostpolicy.File
	limiter *session.Limiter
	slots   *slots
	host    *findings
	repairs *fault.Repairs
	faults  *fault.List // of the host
	probes  *rate.Limiter
	used    usedRanges

	// mu guards the fields below. It may be held while an endpoint is made; no request is sent to an
	// endpoint's goroutine under it.
	mu        sync.Mutex
	endpoints map[vpn.EndpointID]*endpoint
	stopping  bool // no new endpoint is taken

	// leftover is addresses of sessions that were not adopted, whose flows may still be in the kernel. adopt and
	// then inspect use it.
	leftover []netip.Addr

	saving sync.Mutex // guards saved; held while the journal is written
	saved  []byte     // the host's snapshot as the journal has it
}

// Open reads the journal of an earlier process and takes over what it left running. Run then does
// the work. ctx bounds the life of everything that is started.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	e := &Engine{
		cfg: cfg, log: cfg.Log, now: time.Now, instance: rand.Text(), started: time.Now(), ctx: ctx,
		logins: login.NewQueue(), policy: hostpolicy.NewFile(cfg.HostPolicy), limiter: &session.Limiter{},
		slots: &slots{inUse: map[int]bool{}}, host: newFindings(), repairs: &fault.Repairs{}, faults: fault.NewList(), probes: newProbeLimit(),
		endpoints: map[vpn.EndpointID]*endpoint{},
	}
	e.halted, e.halt = context.WithCancel(ctx)
	// Workers pass through to their own directories, whose mode keeps other accounts out. The mode is
	// set separately because a umask would keep the workers out too.
	workers := filepath.Join(cfg.RunDir, "workers")
	if err := errors.Join(os.MkdirAll(workers, 0o711), os.Chmod(workers, 0o711)); err != nil {
		return nil, fmt.Errorf("run directory: %w", err)
	}
	var err error
	if e.journal, err = journal.Open(filepath.Join(cfg.RunDir, "journal")); err != nil {
		return nil, err
	}
	if e.events, err = eventlog.Open(filepath.Join(cfg.RunDir, "events.ndjson"), e.now); err != nil {
		return nil, err
	}
	settings, err := host.OpenSettings(filepath.Join(cfg.RunDir, "settings.json"), cfg.Log)
	if err != nil {
		return nil, err
	}
	e.filter = newFilter(settings, cfg.Limits, cfg.PacketMark, e.faults, e.now, cfg.Log)
	e.checkPrerequisites(ctx)
	e.filter.findMarks(ctx)
	e.adopt(ctx)
	return e, nil
}

// Run works until ctx ends or Stop is called. It leaves the kernel as it is: Stop cleans it.
func (e *Engine) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.halted, cancel)() //nolint:contextcheck // Stop's, which is another's
	e.running.Go(func() { e.inspect(ctx) })
	<-ctx.Done()
	e.running.Wait()
}

// checkPrerequisites looks for what the host lacks. The first lack is a fault that every endpoint
// shows; once it is there the next one shows.
func (e *Engine) checkPrerequisites(ctx context.Context) {
	missing := host.Probe()
	if err := nft.Probe(ctx); err != nil {
		missing = append(missing, adminMessage(err))
	}
	release, err := ovpn.Version(ctx, e.cfg.binary())
	version := ""
	if err == nil {
		version = release.String()
		if !e.cfg.AllowOldOpenVPN {
			err = release.Check()
		}
	}
	if err != nil {
		missing = append(missing, adminMessage(err))
	}
	first := ""
	if len(missing) > 0 {
		first = missing[0]
	}
	e.host.setPrerequisites(version, first)
	if e.faults.Set(faultPrerequisites, "", first, e.now()) {
		if first == "" {
			e.log.InfoContext(ctx, "this host has all prerequisites of tunnels now")
			e.wakeAll()
		} else {
			e.log.ErrorContext(ctx, "this host lacks a prerequisite of tunnels", "reason", first)
		}
	}
}

// endpoint finds an endpoint that was ever applied, or nil.
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

func (e *Engine) wakeAll() {
	for _, ep := range e.all() {
		ep.wake()
	}
}
