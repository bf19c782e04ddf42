package dataplane

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"sallyport/dataplane/host"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// defaultWorkers is the most that an endpoint gets by default: one process uses one core.
const defaultWorkers = 4

func (ep *endpoint) workerCount(d vpn.Desired) int {
	n := d.Workers
	if n == 0 {
		n = ep.cfg.Workers
	}
	if n == 0 {
		n = min(defaultWorkers, runtime.NumCPU())
	}
	if policy, _ := ep.policy.Current(); policy.MaxWorkers > 0 {
		n = min(n, policy.MaxWorkers)
	}
	return n
}

func (ep *endpoint) newWorker(slot int, device string) *worker.Worker {
	return worker.New(ep.ctx, worker.Host{
		RunDir: ep.cfg.RunDir, Binary: ep.cfg.binary, Inherit: ep.filter.ownedSocket, Journal: ep.journal, Now: ep.now,
	}, ep.id, slot, device, ep.log, ep.notices)
}

// ensureWorkers makes the workers that the endpoint should have, and their devices, which the rules
// name. It never removes a worker while the endpoint has an association: a device may carry a
// session.
func (ep *endpoint) ensureWorkers(d vpn.Desired, workers []*worker.Worker) ([]*worker.Worker, error) {
	for range ep.workerCount(d) - len(workers) {
		slot, ok := ep.slots.reserve()
		if !ok {
			return nil, vpn.Refuse(vpn.Conflict, vpn.CodeLimitExceeded, fmt.Sprintf("This host runs at most %d OpenVPN workers, and all are in use.", worker.MaxSlots))
		}
		w := ep.newWorker(slot, freeDevice(ep.id, workers))
		workers = append(workers, w)
		if !ep.do(func() { ep.state.workers = append(ep.state.workers, w) }) {
			return nil, errEndpointRemoved
		}
	}
	for _, w := range workers {
		recreated, err := w.EnsureDevice(vpn.Gateway(d.ClientCIDR))
		if recreated {
			ep.repairs.Add(string(ep.id), "The tun device "+w.Device+" had been deleted and was made again; its clients reconnect.", ep.now())
		}
		if err != nil {
			return nil, err
		}
	}
	return workers, nil
}

// freeDevice is the first of the endpoint's device names that no worker has: after an adoption that
// is not always the next one.
func freeDevice(id vpn.EndpointID, workers []*worker.Worker) string {
	for n := 0; ; n++ {
		if name := host.DeviceName(id, n); !hasDevice(workers, name) {
			return name
		}
	}
}

func hasDevice(workers []*worker.Worker, device string) bool {
	return slices.ContainsFunc(workers, func(w *worker.Worker) bool { return w.Device == device })
}

// runWorkers starts the workers that should run, restarts those that run with an old configuration one after the other,
// each when those before it listen again or have failed, and waits until all listen, unless it is woken: what is revoked must not
// wait for a worker. The error says why none of them listens; where only some do not, warning says so.
func (ep *endpoint) runWorkers(ctx context.Context, workers []*worker.Worker, d vpn.Desired) (warning string, err error) {
	var failure error
	for i, w := range workers {
		err := w.Run(ctx, d, func() error { return ep.awaitRestarted(ctx, workers[:i]) })
		if errors.Is(err, worker.ErrInterrupted) {
			return "", err
		}
		if err != nil {
			failure = err
		}
	}
	ready := 0
	for _, w := range workers {
		switch err := w.AwaitReady(ctx, ep.kick); {
		case err == nil:
			ready++
		case errors.Is(err, worker.ErrInterrupted):
			ep.wake() // AwaitReady has consumed the signal
			return "", err
		case ctx.Err() != nil:
			return "", err
		case failure == nil:
			failure = err
		}
	}
	if ready == 0 {
		return "", failure
	}
	return warnOfWorkers(len(workers)-ready, len(workers), failure), nil
}

// awaitRestarted waits until workers listen or have failed. The error, ErrInterrupted or that of ctx, says that it did not wait.
func (ep *endpoint) awaitRestarted(ctx context.Context, workers []*worker.Worker) error {
	for _, w := range workers {
		if err := w.AwaitReady(ctx, ep.kick); errors.Is(err, worker.ErrInterrupted) {
			ep.wake() // AwaitReady has consumed the signal
			return err
		}
	}
	return ctx.Err()
}

// warnOfWorkers is the sentence about workers that do not run beside others that do, or "".
func warnOfWorkers(failed, all int, cause error) string {
	if failed == 0 {
		return ""
	}
	verb := "does"
	if failed > 1 {
		verb = "do"
	}
	return fmt.Sprintf("%d of %d OpenVPN workers %s not run: %s", failed, all, verb, adminMessage(cause))
}
