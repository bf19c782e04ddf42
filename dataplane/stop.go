package dataplane

import (
	"context"
	"errors"
	"sync"

	"sallyport/dataplane/host"
	"sallyport/dataplane/journal"
)

// Stop takes everything off the host: sessions end and are reported, workers stop, the kernel is
// as it was before. The events stay for web to read from the next process.
func (e *Engine) Stop(ctx context.Context) error {
	e.takeNothing()
	var failures []error
	var removals sync.WaitGroup // a worker takes two seconds for its farewells
	all := e.all()
	for _, ep := range all {
		removals.Go(func() {
			if !ep.remove(ctx, "The VPN server was stopped.") {
				ep.removeDevices() // the table goes as a whole, below
			}
		})
	}
	removals.Wait()
	for _, ep := range all {
		failures = append(failures, e.journal.Remove(journal.Desired, string(ep.id)), e.journal.Remove(journal.Snapshots, string(ep.id)))
	}
	failures = append(failures, e.journal.Remove(journal.Snapshots, hostSnapshot), e.settings.Restore(), e.table.Remove(), e.closeOwned())
	return errors.Join(failures...)
}

// takeNothing refuses new endpoints from now on.
func (e *Engine) takeNothing() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stopping = true
}

// Release leaves everything running for a process that takes this one's place.
func (e *Engine) Release() {
	e.takeNothing()
	for _, ep := range e.all() {
		ep.cancel()
		<-ep.done
	}
	e.saveHost()
	if err := e.closeOwned(); err != nil { // workers keep it
		e.log.Warn("the socket of the owned packet filter table was not closed", "err", err)
	}
}

// remove ends the endpoint's work and takes it off the host. It tells whether all went; it can be
// called again.
func (ep *endpoint) remove(ctx context.Context, reason string) bool {
	ep.removing.Lock()
	defer ep.removing.Unlock()
	ep.cancel()
	<-ep.done
	ep.mu.Lock()
	ep.gone = true
	ep.mu.Unlock()
	return ep.takeOff(ctx, reason)
}

// cleanHost removes what an earlier process left on a host that it did not clean and whose
// journal is gone, as after a crash and the loss of the run directory.
func (e *Engine) cleanHost() {
	known := map[string]bool{}
	for _, ep := range e.all() {
		for _, w := range ep.workers {
			known[w.device] = true
		}
	}
	devices, err := host.Tuns()
	if err != nil {
		e.log.Error("tun devices cannot be listed", "err", err)
		return
	}
	for _, name := range devices {
		if known[name] {
			continue
		}
		e.log.Warn("a tun device that no journal knows is removed", "device", name)
		if err := host.DeleteTun(name); err != nil {
			e.log.Error("it is not removed", "device", name, "err", err)
		}
	}
}
