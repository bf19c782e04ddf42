package endpoint

import (
	"context"
	"sync"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Connections lists the connections of an endpoint, live ones with the kernel's counters of
// this moment.
func (s *Service) Connections(ctx context.Context, by control.Principal, id vpn.EndpointID, l vpn.List) (vpn.Page[vpn.Connection], error) {
	var out vpn.Page[vpn.Connection]
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnConnections, string(id), func(tx *store.Tx) (err error) {
		out, err = tx.Connections(ctx, id, l)
		return err
	})
	if err != nil {
		return out, err
	}
	if !s.node.State(ctx).Reachable {
		return out, nil // the stored counters stand, and a dataplane that hangs makes no page wait
	}
	live := s.live.get(ctx)
	for i, c := range out.Items {
		if now, ok := live[c.ID]; ok && c.Live() {
			out.Items[i].Counters, out.Items[i].CountedAt = now.Counters, now.CountedAt
			out.Items[i].Device = now.Device
		}
	}
	return out, nil
}

// attemptsShown is how many refused attempts a page lists.
const attemptsShown = 20

// Attempts lists the newest attempts that were refused before a login, with the reasons.
func (s *Service) Attempts(ctx context.Context, by control.Principal, id vpn.EndpointID) (out []vpn.Attempt, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnConnections, string(id), func(tx *store.Tx) error { out, err = tx.Attempts(ctx, id, attemptsShown); return err })
	return out, err
}

// liveCacheLife bounds how often many open pages ask the dataplane for all counters.
const liveCacheLife = time.Second

// liveCache shares one answer of the dataplane among pages that are asked for at the same time.
type liveCache struct {
	dataplane Dataplane
	now       func() time.Time

	mu   sync.Mutex
	at   time.Time
	last map[vpn.ConnectionID]vpn.LiveConnection
}

// get gives the live connections; without a dataplane there are none to show, and the stored
// counters stand.
func (c *liveCache) get(ctx context.Context) map[vpn.ConnectionID]vpn.LiveConnection {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last != nil && control.IsYoung(c.at, c.now(), liveCacheLife) {
		return c.last
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	all, err := c.dataplane.Connections(ctx)
	c.at, c.last = c.now(), make(map[vpn.ConnectionID]vpn.LiveConnection, len(all))
	if err != nil {
		return c.last // kept too: pages must not wait for a dataplane that hangs, one after the other
	}
	for _, l := range all {
		c.last[l.ID] = l
	}
	return c.last
}
