package dataplane

import (
	"context"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/host/firewall"
	"sallyport/dataplane/nft"
)

// inspect looks after what all endpoints share: that the table in the kernel is the one that was
// written, that the host still has the prerequisites of tunnels, that no other firewall drops their
// packets. It looks when the kernel reports a change, and every inspectInterval. The rules of another
// program are judged when it has finished.
func (e *Engine) inspect(ctx context.Context) {
	tick := time.NewTicker(inspectInterval)
	defer tick.Stop()
	rules, links := watchRules(ctx, e), watchHost(ctx, e)
	var settled <-chan time.Time // while another program changes its rules
	var since time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-rules.Any:
			e.repairTable(ctx)
			e.saveSnapshot()
			if !open {
				rules = nft.Changes{}
			}
			continue
		case _, open := <-rules.Foreign:
			if !open {
				rules.Foreign = nil
				continue
			}
			if settled == nil {
				since = time.Now()
			}
			settled = time.After(min(settleTime, inspectInterval-time.Since(since)))
			continue
		case <-settled:
			settled = nil
			e.checkFirewalls(ctx)
			e.saveSnapshot()
			continue
		case <-e.host.examine:
			e.checkFirewalls(ctx)
			continue
		case _, open := <-links:
			if !open {
				links = nil
			}
			e.wakeAll()
			continue
		case <-tick.C:
		}
		if rules.Any == nil {
			rules = watchRules(ctx, e)
		}
		if links == nil {
			links = watchHost(ctx, e)
		}
		if _, missing := e.host.prerequisites(); missing != "" {
			e.checkPrerequisites(ctx)
		}
		e.repairTable(ctx)
		if settled == nil {
			e.checkFirewalls(ctx)
		}
		e.checkTracking(ctx)
		e.forgetLeftover(ctx)
		e.faults.Set(faultEvents, "", e.events.Fault(), e.now())
		e.saveSnapshot()
	}
}

func watchRules(ctx context.Context, e *Engine) nft.Changes {
	changes, err := nft.Watch(ctx, nft.DefaultName)
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

// repairTable writes the packet filter's table again where another program changed it.
func (e *Engine) repairTable(ctx context.Context) {
	differences, err := e.filter.repair(ctx)
	if len(differences) == 0 {
		sentence := ""
		if err != nil {
			sentence = "The packet filter cannot be checked: " + adminMessage(err)
		}
		e.faults.Set(faultDrift, "", sentence, e.now())
		return
	}
	for _, d := range differences {
		e.log.WarnContext(ctx, "the packet filter was changed by another program", "difference", d)
	}
	sentence := ""
	if err != nil {
		sentence = "The packet filter was changed by another program and cannot be repaired: " + adminMessage(err)
		e.log.ErrorContext(ctx, "the packet filter cannot be repaired", "err", errorChain(err))
	} else {
		e.log.InfoContext(ctx, "the packet filter was repaired")
	}
	e.repairs.Add("", "The packet filter was changed by another program and was written again: "+differences[0], e.now())
	e.faults.Set(faultDrift, "", sentence, e.now())
}

// checkFirewalls asks which other firewalls of this host drop tunnel packets.
func (e *Engine) checkFirewalls(ctx context.Context) {
	var found []firewall.Obstacle
	if t := e.filter.traffic(); len(t.Endpoints) > 0 {
		var err error
		if found, err = firewall.FindObstacles(ctx, t); err != nil {
			e.log.WarnContext(ctx, "other firewalls cannot be examined", "err", err)
			return
		}
	}
	if e.host.setObstacles(found) {
		e.wakeAll()
	}
}
