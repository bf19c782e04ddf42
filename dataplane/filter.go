package dataplane

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"sallyport/dataplane/fault"
	"sallyport/dataplane/host"
	"sallyport/dataplane/host/firewall"
	"sallyport/dataplane/nft"
	"sallyport/dataplane/supervise"
	"sallyport/vpn"
)

// filter is the packet filter of the host: the rules of all endpoints, which one table holds, and
// the interfaces on which they need forwarding. Sessions are put into its table directly.
type filter struct {
	table    *nft.Table
	settings *host.Settings
	limits   nft.Limits
	mark     uint32 // the bit of accepted packets, see nft.OwnedTable; 0: no owned table
	faults   *fault.List
	now      func() time.Time
	log      *slog.Logger

	// writing is held while the table is written, so that two endpoints do not write it at the same
	// time. It guards owned and marks, and is taken before mu.
	writing sync.Mutex
	owned   *nft.OwnedTable // nil until the table was applied once, and where the kernel has none
	marks   uint32          // bits that accepted packets get: mark, and those of owned tables of earlier processes

	mu        sync.Mutex // guards the fields below; never held during a kernel call
	rules     map[vpn.EndpointID]nft.Endpoint
	uplinks   map[vpn.EndpointID][]string // the interfaces that lead to each endpoint's networks
	uncertain bool                        // the last write failed: the kernel may hold other rules
	guarded   []string                    // the interfaces whose other packets the last written table drops
}

func newFilter(settings *host.Settings, limits nft.Limits, mark uint32, faults *fault.List, now func() time.Time, log *slog.Logger) *filter {
	return &filter{
		table: nft.New(nft.DefaultName, log), settings: settings, limits: limits, mark: mark, faults: faults, now: now, log: log,
		rules: map[vpn.EndpointID]nft.Endpoint{}, uplinks: map[vpn.EndpointID][]string{},
	}
}

// of gives the rules and uplinks of an endpoint as they were last applied.
func (f *filter) of(id vpn.EndpointID) (rules nft.Endpoint, uplinks []string, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	rules, ok = f.rules[id]
	return rules, f.uplinks[id], ok
}

// apply puts an endpoint's rules into the kernel, unless the kernel has the same already.
func (f *filter) apply(ctx context.Context, rules nft.Endpoint, uplinks []string) error {
	f.followForwarding()
	guarded, err := f.guard()
	if err != nil {
		return err
	}
	f.mu.Lock()
	present, ok := f.rules[rules.ID]
	same := ok && !f.uncertain && slices.Equal(f.uplinks[rules.ID], uplinks) && slices.Equal(f.guarded, guarded)
	f.mu.Unlock()
	if same && present.Equal(rules) { // which may render both, so not under mu
		return nil
	}
	return f.write(ctx, rules.ID, &rules, uplinks)
}

// remove takes an endpoint's rules out of the kernel.
func (f *filter) remove(ctx context.Context, id vpn.EndpointID) error {
	f.mu.Lock()
	_, ok := f.rules[id]
	needed := ok || f.uncertain
	f.mu.Unlock()
	if !needed {
		return nil
	}
	return f.write(ctx, id, nil, nil)
}

// write replaces an endpoint's rules, nil for none, and writes the table. Interfaces that no endpoint
// needs any more stop forwarding before the rule is removed that protects them. Where it fails
// the endpoint keeps its former rules, and the next apply writes in any case.
func (f *filter) write(ctx context.Context, id vpn.EndpointID, rules *nft.Endpoint, uplinks []string) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	f.mu.Lock()
	oldRules, had := f.rules[id]
	oldUplinks := f.uplinks[id]
	f.set(id, rules, uplinks)
	f.mu.Unlock()
	f.releaseSettings()
	r, err := f.ruleset()
	if err == nil {
		err = f.table.Apply(ctx, r)
	}
	if err == nil {
		f.openOwned(ctx)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.uncertain = err != nil
	if err == nil {
		f.guarded = r.HostForwarding
	}
	if err != nil {
		if had {
			f.set(id, &oldRules, oldUplinks)
		} else {
			f.set(id, nil, nil)
		}
	}
	return err
}

// set records an endpoint's rules; f.mu is held.
func (f *filter) set(id vpn.EndpointID, rules *nft.Endpoint, uplinks []string) {
	if rules == nil {
		delete(f.rules, id)
		delete(f.uplinks, id)
		return
	}
	f.rules[id], f.uplinks[id] = *rules, uplinks
}

// adopted is an endpoint's part of a restored table.
type adopted struct {
	rules    nft.Endpoint
	uplinks  []string
	sessions []nft.Session
}

// restore writes the table of an earlier process in one transaction, sessions included, so that
// their counters continue.
func (f *filter) restore(ctx context.Context, endpoints []adopted) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	var sessions []nft.Session
	f.mu.Lock()
	for _, a := range endpoints {
		f.set(a.rules.ID, &a.rules, a.uplinks)
		sessions = append(sessions, a.sessions...)
	}
	f.mu.Unlock()
	r, err := f.ruleset()
	if err == nil {
		err = f.table.Restore(ctx, r, sessions)
	}
	if err == nil {
		f.openOwned(ctx)
	}
	return err
}

// distrust makes the next apply write the table in any case.
func (f *filter) distrust() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.uncertain = true
}

// repair compares the table with the kernel and writes it again where another program changed it.
// It gives the differences that were found.
func (f *filter) repair(ctx context.Context) (differences []string, err error) {
	f.writing.Lock()
	defer f.writing.Unlock()
	differences, err = f.table.Drift(ctx)
	if err != nil || len(differences) == 0 {
		return nil, err
	}
	return differences, f.table.Repair(ctx)
}

// ruleset is the content of the whole table: every endpoint's rules, and the interfaces that
// forward, or are about to, only because an endpoint needs it. f.writing is held.
func (f *filter) ruleset() (nft.Ruleset, error) {
	r := nft.Ruleset{Workers: nft.UIDs{First: supervise.FirstUID, Last: supervise.LastUID}, Mark: f.marks, Limits: f.limits}
	f.mu.Lock()
	for _, rules := range f.rules {
		r.Endpoints = append(r.Endpoints, rules)
	}
	f.mu.Unlock()
	slices.SortFunc(r.Endpoints, func(a, b nft.Endpoint) int { return slices.Compare([]byte(a.ID), []byte(b.ID)) })
	var err error
	r.HostForwarding, err = f.guard()
	return r, err
}

// guard lists the interfaces that forward, or are about to, only because an endpoint needs it: other
// packets that come in there are dropped.
func (f *filter) guard() ([]string, error) {
	interfaces := f.settings.Changed()
	f.mu.Lock()
	for _, uplinks := range f.uplinks {
		interfaces = append(interfaces, uplinks...)
	}
	f.mu.Unlock()
	slices.Sort(interfaces)
	interfaces = slices.DeleteFunc(slices.Compact(interfaces), func(name string) bool {
		// No packet enters by an interface that is gone, and it must not delay what is revoked elsewhere.
		_, err := net.InterfaceByName(name)
		return err != nil
	})
	return f.settings.WouldForward(interfaces...)
}

// followForwarding gives up the interfaces whose forwarding another program wants as well.
func (f *filter) followForwarding() {
	wanted, err := f.settings.Follow()
	if err != nil {
		f.log.Error("the record of forwarding was not updated", "err", err)
	}
	if len(wanted) > 0 {
		f.log.Info("another program switched forwarding on for the whole host; it stays on there, and packets of others pass", "interfaces", wanted)
	}
}

// guardedUplinks lists the interfaces of networks where packets of others are dropped.
func (f *filter) guardedUplinks() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.guarded), func(name string) bool { return strings.HasPrefix(name, host.DevicePrefix) })
}

// releaseSettings restores the settings of interfaces that no endpoint needs any more.
func (f *filter) releaseSettings() {
	f.mu.Lock()
	var needed []string
	for id, rules := range f.rules {
		needed = append(append(needed, f.uplinks[id]...), rules.Devices...)
	}
	f.mu.Unlock()
	if err := f.settings.Release(needed...); err != nil {
		f.log.Error("interface settings were not restored", "err", err)
	}
}

// traffic describes the packets that other firewalls of this host must let through.
func (f *filter) traffic() firewall.Traffic {
	t := firewall.Traffic{Table: nft.DefaultName}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(f.rules)) {
		r := f.rules[id]
		e := firewall.Endpoint{
			ID: id, Clients: r.ClientCIDR, Devices: r.Devices, Egress: f.uplinks[id], Transport: r.Transport, Ports: r.Workers,
		}
		for _, p := range r.Public {
			e.Addresses = append(e.Addresses, p.Addr())
		}
		t.Endpoints = append(t.Endpoints, e)
	}
	return t
}

// removeTable removes the table, when no endpoint writes it.
func (f *filter) removeTable() error {
	f.writing.Lock()
	defer f.writing.Unlock()
	return f.table.Remove()
}
