package dataplane

import (
	"context"
	"slices"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/host/firewall"
	"sallyport/dataplane/nft"
)

// inspect looks after what all endpoints share: that the table in the kernel is the one we wrote,
// that the host still has what tunnels need, that no other firewall stands in the way. It looks
// when the kernel says that something changed, and every inspectEvery.
func (e *Engine) inspect(ctx context.Context) {
	tick := time.NewTicker(inspectEvery)
	defer tick.Stop()
	rules, links := watchRules(ctx, e), watchHost(ctx, e)
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-rules:
			e.mendTable(ctx)
			e.saveHost()
			if !open {
				rules = nil
			}
			continue
		case _, open := <-links:
			if !open {
				links = nil
			}
			e.wakeAll()
			continue
		case <-tick.C:
		}
		if rules == nil {
			rules = watchRules(ctx, e)
		}
		if links == nil {
			links = watchHost(ctx, e)
		}
		if e.lacking() != "" {
			e.probe(ctx)
		}
		e.mendTable(ctx)
		e.lookForObstacles(ctx)
		e.faults.Set("spool", "", e.events.Fault(), e.now())
		e.saveHost()
	}
}

func watchRules(ctx context.Context, e *Engine) <-chan struct{} {
	changes, err := nft.Watch(ctx)
	if err != nil {
		e.log.WarnContext(ctx, "changes of the packet filter are noticed late", "err", err)
	}
	return changes
}

func watchHost(ctx context.Context, e *Engine) <-chan struct{} {
	changes, err := host.Watch(ctx)
	if err != nil {
		e.log.WarnContext(ctx, "changes of the host's interfaces are noticed late", "err", err)
	}
	return changes
}

func (e *Engine) wakeAll() {
	for _, ep := range e.all() {
		ep.wake()
	}
}

// mendTable writes the table again where somebody changed it.
func (e *Engine) mendTable(ctx context.Context) {
	e.rulesMu.Lock()
	defer e.rulesMu.Unlock()
	drift, err := e.table.Drift(ctx)
	if err != nil {
		e.faults.Set("drift", "", "The packet filter cannot be checked: "+adminMessage(err), e.now())
		return
	}
	if len(drift) == 0 {
		e.faults.Set("drift", "", "", e.now())
		return
	}
	for _, d := range drift {
		e.log.WarnContext(ctx, "the packet filter was changed by somebody else", "difference", d)
	}
	e.repairs.Add("", "The packet filter was changed by somebody else and was written again: "+drift[0], e.now())
	sentence := ""
	if err := e.table.Repair(ctx); err != nil {
		sentence = "The packet filter was changed by somebody else and cannot be repaired: " + adminMessage(err)
		e.log.ErrorContext(ctx, "the packet filter cannot be repaired", "err", errorChain(err))
	} else {
		e.log.InfoContext(ctx, "the packet filter was repaired")
	}
	e.faults.Set("drift", "", sentence, e.now())
}

// lookForObstacles asks which other firewalls on this host would drop our packets.
func (e *Engine) lookForObstacles(ctx context.Context) {
	t := firewall.Traffic{Table: nft.DefaultName}
	e.mu.Lock()
	for id, r := range e.rules {
		t.Devices = append(t.Devices, r.Devices...)
		t.Egress = append(t.Egress, e.uplinks[id]...)
		for _, port := range r.Workers {
			t.Workers = append(t.Workers, firewall.WorkerPort{Transport: r.Transport, Port: port})
		}
	}
	e.mu.Unlock()
	var found []firewall.Obstacle
	if len(t.Devices) > 0 {
		slices.Sort(t.Egress)
		t.Egress = slices.Compact(t.Egress)
		var err error
		if found, err = firewall.FindObstacles(ctx, t); err != nil {
			e.log.WarnContext(ctx, "other firewalls cannot be examined", "err", err)
			return
		}
	}
	e.mu.Lock()
	changed := len(found) != len(e.obstacles)
	e.obstacles = found
	e.mu.Unlock()
	if changed {
		e.wakeAll()
	}
}
