package endpoint

import (
	"context"
	"sync"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Connections lists the connections of an endpoint; live ones have the kernel's present counters.
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
		return out, nil // the stored counters are shown, and no page waits for a dataplane that does not answer
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

// maxAttempts is the number of refused attempts that a page lists.
const maxAttempts = 20

// Attempts lists the newest attempts that were refused before a login, with the reasons.
func (s *Service) Attempts(ctx context.Context, by control.Principal, id vpn.EndpointID) (out []vpn.Attempt, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnConnections, string(id), func(tx *store.Tx) error { out, err = tx.Attempts(ctx, id, maxAttempts); return err })
	return out, err
}

// liveCacheLife is how long one answer of the dataplane serves all pages.
const liveCacheLife = time.Second

// liveCache shares one answer of the dataplane among pages that are requested at the same time.
type liveCache struct {
	dataplane Dataplane
	now       func() time.Time

	mu   sync.Mutex // guards the fields below; held while the dataplane is asked
	at   time.Time
	last map[vpn.ConnectionID]vpn.LiveConnection
}

// get gives the live connections; none where the dataplane does not answer.
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
		return c.last // kept too: otherwise each page in turn would wait for a dataplane that does not answer
	}
	for _, l := range all {
		c.last[l.ID] = l
	}
	return c.last
}
