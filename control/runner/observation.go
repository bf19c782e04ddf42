package runner

import (
	"context"
	"errors"
	"slices"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// observe stores what the dataplane reported, deletes the rows of parts that are out of the kernel, and
// finishes the deletion of endpoints that the dataplane no longer has.
func (s *Runner) observe(ctx context.Context, wanted map[vpn.EndpointID]vpn.Endpoint, status vpn.NodeStatus, refused map[vpn.EndpointID]error) error {
	now := s.core.Now()
	reported := map[vpn.EndpointID]vpn.EndpointStatus{}
	for _, e := range status.Endpoints {
		reported[e.Endpoint] = e
	}
	ids := make([]vpn.EndpointID, 0, len(wanted))
	for id := range wanted {
		ids = append(ids, id)
	}
	return s.core.Update(ctx, func(tx *store.Tx) error {
		known, err := tx.Observations(ctx, ids...)
		if err != nil {
			return err
		}
		for id, e := range wanted {
			r, present := reported[id]
			if e.Deleting && !present {
				if err := s.finishDelete(ctx, tx, id); err != nil {
					return err
				}
				continue
			}
			o := vpn.Observation{Endpoint: id, Node: s.node, Applied: r.Applied, SeenAt: now, Faults: withRefusal(r.Faults, id, refused[id], now), Ways: r.Ways}
			if isRepetition(known[id], o) {
				continue
			}
			if err := tx.SaveObservation(ctx, o); err != nil {
				return err
			}
			if known[id].Applied != o.Applied {
				if _, err := tx.DropRemoved(ctx, id, o.Applied); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// withRefusal adds the reason why the dataplane refused an endpoint's desired state, so that the pages
// of what waits for it show the reason. A dataplane that does not answer shows by the age of the
// observation instead.
func withRefusal(faults []vpn.Fault, id vpn.EndpointID, err error, now time.Time) []vpn.Fault {
	if err == nil || vpn.KindOf(err) == vpn.Unavailable {
		return faults
	}
	message := "This endpoint's configuration could not be read or sent; the server's log has the reason."
	if e, ok := errors.AsType[*vpn.Error](err); ok {
		message = "The dataplane refuses this endpoint's configuration: " + e.Error()
	}
	return append(slices.Clone(faults), vpn.Fault{Subject: string(id), Message: message, Since: now})
}

// isRepetition tells whether an observation has nothing new and the stored one is recent enough.
func isRepetition(old, now vpn.Observation) bool {
	if old.Applied != now.Applied || old.Node != now.Node || len(old.Faults) != len(now.Faults) ||
		now.SeenAt.Sub(old.SeenAt) >= observeEvery || now.SeenAt.Before(old.SeenAt) || !slices.EqualFunc(old.Ways, now.Ways, vpn.Way.Same) {
		return false
	}
	for i := range now.Faults {
		if old.Faults[i].Subject != now.Faults[i].Subject || old.Faults[i].Message != now.Faults[i].Message || old.Faults[i].Warning != now.Faults[i].Warning {
			return false
		}
	}
	return true
}

func (s *Runner) finishDelete(ctx context.Context, tx *store.Tx, id vpn.EndpointID) error {
	live, err := tx.LiveConnections(ctx, id)
	if err != nil {
		return err
	}
	for _, c := range live {
		c.Status, c.EndedAt, c.EndReason = vpn.ConnectionTerminated, control.NotBefore(s.core.Now(), c.EstablishedAt), "The endpoint was deleted."
		if err := tx.SaveConnection(ctx, c); err != nil {
			return err
		}
	}
	if err := tx.DeleteEndpoint(ctx, id); err != nil {
		return err
	}
	record := s.core.Record(control.SystemPrincipal("reconcile"), vpn.FinishDeleteClientVpnEndpoint, string(id))
	return tx.Audit(ctx, record)
}
