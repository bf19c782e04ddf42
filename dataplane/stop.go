package dataplane

import (
	"context"
	"errors"
	"sync"

	"sallyport/dataplane/journal"
	"sallyport/vpn"
)

// Forget removes an endpoint from the host. An unknown endpoint is no error. Where something cannot
// be removed, Forget may be called again.
func (e *Engine) Forget(ctx context.Context, id vpn.EndpointID) error {
	ep := e.endpoint(id)
	if ep == nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx) // never stop half-way
	if !ep.remove(ctx, forGood("The endpoint was deleted.")) {
		return vpn.Refuse(vpn.Unavailable, vpn.CodeRemovalFailed, "The endpoint cannot be removed from this host yet; the dataplane's log says why.")
	}
	if err := e.dropJournal(id); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.endpoints[id] == ep {
		delete(e.endpoints, id)
	}
	ep.cancel()
	return nil
}

// Stop removes everything from the host: sessions end and are reported, workers stop, the kernel is
// as it was before. The events stay in the event log for web to read from the next process.
func (e *Engine) Stop(ctx context.Context) error {
	e.rejectNew()
	e.halt()
	e.running.Wait() // or it would repair and write down what is removed below
	var failures []error
	var removals sync.WaitGroup // a worker takes two seconds to tell its clients
	all := e.all()
	for _, ep := range all {
		removals.Go(func() {
			if !ep.remove(ctx, forNow("The VPN server was stopped.")) {
				ep.deleteWorkers() // the table is removed as a whole, below
			}
		})
	}
	removals.Wait()
	for _, ep := range all {
		ep.cancel()
		failures = append(failures, e.dropJournal(ep.id))
	}
	failures = append(failures, e.journal.Remove(journal.Snapshots, hostSnapshot), e.filter.settings.Restore(), e.filter.removeTable(), e.filter.closeOwned())
	return errors.Join(failures...)
}

func (e *Engine) dropJournal(id vpn.EndpointID) error {
	return errors.Join(e.journal.Remove(journal.Desired, string(id)), e.journal.Remove(journal.Snapshots, string(id)))
}

// rejectNew makes Apply refuse new endpoints.
func (e *Engine) rejectNew() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stopping = true
}

// Release leaves everything running for a process that takes this one's place.
func (e *Engine) Release() {
	e.rejectNew()
	for _, ep := range e.all() {
		ep.stopReconciler()
		ep.cancel()
		<-ep.ended
	}
	e.saveSnapshot()
	if err := e.filter.closeOwned(); err != nil { // workers keep it
		e.log.Warn("the socket of the owned packet filter table was not closed", "err", err)
	}
}
