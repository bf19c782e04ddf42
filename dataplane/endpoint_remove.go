package dataplane

import (
	"context"
	"errors"
	"sync"

	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// remove ends the endpoint's work and removes it from the host. It tells whether everything is gone;
// it can be called again.
func (ep *endpoint) remove(ctx context.Context, why ending) bool {
	ep.removing.Lock()
	defer ep.removing.Unlock()
	ep.stopReconciler()
	ep.do(func() { ep.state.removed = true })
	_, workers, _ := ep.current()
	return ep.removeFromHost(ctx, workers, why)
}

// stopReconciler ends the reconciler and waits for it. own continues.
func (ep *endpoint) stopReconciler() {
	ep.reconciler.cancel()
	<-ep.reconciler.done
}

// disable removes everything of an endpoint without a target network from the host: sessions,
// workers, devices, rules, the port. Its desired state is then in effect: no client can connect.
func (ep *endpoint) disable(ctx context.Context, d vpn.Desired, workers []*worker.Worker) {
	if !ep.removeFromHost(ctx, workers, forGood("The endpoint has no target network any more.")) {
		return
	}
	ep.faults.Keep(map[string]bool{})
	ep.ways.Store(nil)
	ep.applied.Store(d.Generation)
}

// removeFromHost removes sessions, workers, rules and devices, and tells whether all are gone.
func (ep *endpoint) removeFromHost(ctx context.Context, workers []*worker.Worker, why ending) bool {
	ep.endAll(ctx, why)
	stopped := ep.stopWorkers(ctx, workers)
	ep.endAll(ctx, why) // sessions that were admitted meanwhile
	released := ep.releaseAddresses(stopped)
	ep.releasePort()
	if !stopped {
		return false // the uid, port and device of a running worker must not be used again
	}
	if err := ep.filter.remove(ctx, ep.id); err != nil {
		ep.log.ErrorContext(ctx, "rules were not removed", "err", errorChain(err))
		ep.faults.Set(faultRules, string(ep.id), "The packet filter rules cannot be removed: "+adminMessage(err), ep.now())
		return false
	}
	ep.deleteWorkers()
	ep.reconciler.paths = map[vpn.AssociationID]string{}
	return released // another endpoint may have the same client CIDR, so no flow of these addresses may be left
}

// stopWorkers ends all workers side by side: each takes two seconds to tell its clients. It tells
// whether all have ended.
func (ep *endpoint) stopWorkers(ctx context.Context, workers []*worker.Worker) bool {
	var stopping sync.WaitGroup
	errs := make([]error, len(workers))
	for i, w := range workers {
		stopping.Go(func() { errs[i] = w.Stop(ctx) })
	}
	stopping.Wait()
	for i, err := range errs {
		if err != nil {
			ep.log.ErrorContext(ctx, "worker was not stopped", "device", workers[i].Device, "err", err)
		}
	}
	return errors.Join(errs...) == nil
}

func (ep *endpoint) deleteWorkers() {
	var workers []*worker.Worker
	ep.do(func() { workers, ep.state.workers = ep.state.workers, nil })
	for _, w := range workers {
		w.Delete()
		ep.slots.release(w.Slot)
	}
}
