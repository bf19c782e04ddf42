package endpoint

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Connections lists the connections of an endpoint, or of every endpoint where id is empty: those that have not ended,
// or those of vpn.ViewEnded. Live ones have the kernel's present counters. What only the dataplane knows is sorted in
// memory, among those that have not ended.
func (s *Service) Connections(ctx context.Context, by control.Principal, id vpn.EndpointID, l vpn.List) (vpn.Page[vpn.ConnectionSummary], error) {
	var out vpn.Page[vpn.ConnectionSummary]
	hasEnded := l.Filter["view"] == vpn.ViewEnded
	inMemory := !hasEnded && (connectionFields.Orders[l.Sort] != nil || l.Filter["target"] != "" || l.Filter["platform"] != "")
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnConnections, string(id), func(tx *store.Tx) (err error) {
		var found vpn.Page[vpn.Connection]
		switch {
		case hasEnded:
			found, err = tx.EndedConnections(ctx, id, l)
		case inMemory:
			found.Items, err = tx.LiveConnections(ctx, id)
			found.Items = slices.DeleteFunc(found.Items, func(c vpn.Connection) bool { return c.Status == vpn.ConnectionConnecting })
		default:
			found, err = tx.Connections(ctx, id, l)
		}
		if err != nil {
			return err
		}
		out, err = connectionSummaries(ctx, tx, found)
		return err
	})
	if err != nil || hasEnded {
		return out, err
	}
	if s.node.State(ctx).Reachable { // else the last counters are shown, and no page waits for a dataplane that does not answer
		s.live.refresh(ctx)
	}
	for i := range out.Items {
		s.live.addTo(&out.Items[i].Connection)
	}
	if inMemory {
		out = vpn.Select(out.Items, l, connectionFields)
	}
	return out, nil
}

// ConnectionCounts are how many rows the views of connections have. Those that are long are counted up to a limit.
type ConnectionCounts struct {
	Active, Ended, Refused int
	MoreEnded, MoreRefused bool
}

// ConnectionCounts counts the connections of an endpoint, or of every endpoint where id is empty.
func (s *Service) ConnectionCounts(ctx context.Context, by control.Principal, id vpn.EndpointID) (n ConnectionCounts, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnConnections, string(id), func(tx *store.Tx) (err error) {
		if n.Active, err = tx.CountUnended(ctx, id); err != nil {
			return err
		}
		if n.Ended, n.MoreEnded, err = tx.CountEnded(ctx, id); err != nil {
			return err
		}
		n.Refused, n.MoreRefused, err = tx.CountAttempts(ctx, id)
		return err
	})
	return n, err
}

// connectionSummaries adds the names of endpoints and target networks.
func connectionSummaries(ctx context.Context, tx *store.Tx, found vpn.Page[vpn.Connection]) (vpn.Page[vpn.ConnectionSummary], error) {
	var ids []vpn.EndpointID
	for _, c := range found.Items {
		if !slices.Contains(ids, c.Endpoint) {
			ids = append(ids, c.Endpoint)
		}
	}
	out := vpn.MapPage(found, func(c vpn.Connection) vpn.ConnectionSummary { return vpn.ConnectionSummary{Connection: c} })
	if len(ids) == 0 {
		return out, nil
	}
	endpoints, err := tx.EndpointsByID(ctx, ids...)
	if err != nil {
		return out, err
	}
	sessions, err := tx.VPNSessionsByID(ctx, vpn.IDsOf(found.Items, func(c vpn.Connection) vpn.SessionID { return c.Session })...)
	if err != nil {
		return out, err
	}
	associations, err := tx.AssociationsOf(ctx, ids...)
	if err != nil {
		return out, err
	}
	subnets, err := tx.SubnetNames(ctx, vpn.IDsOf(associations, func(a vpn.Association) vpn.SubnetID { return a.Subnet })...)
	if err != nil {
		return out, err
	}
	var refs []vpn.UserRef
	for _, c := range found.Items {
		if c.Provider != "" {
			refs = append(refs, c.UserRef())
		}
	}
	users, err := tx.VPNUsersOf(ctx, refs...)
	if err != nil {
		return out, err
	}
	targets := map[vpn.AssociationID]string{}
	for _, a := range associations {
		targets[a.ID] = cmp.Or(subnets[a.Subnet], string(a.Subnet))
	}
	for i, c := range out.Items {
		out.Items[i].EndpointName, out.Items[i].Target = endpoints[c.Endpoint].Name, targets[c.Association]
		if user, known := users[c.UserRef()]; known {
			out.Items[i].User, out.Items[i].Blocked = user.ID, user.Blocked()
		}
		if session, known := sessions[c.Session]; known {
			out.Items[i].SessionEnds, out.Items[i].MoreGroups = session.Ends(endpoints[c.Endpoint]), session.MoreGroups
		}
	}
	return out, nil
}

// maxAttempts is the number of refused attempts of an endpoint that a page can search; the store keeps no more.
const maxAttempts = 1000

// Attempts lists the newest attempts of an endpoint that were refused before a login, with the reasons.
func (s *Service) Attempts(ctx context.Context, by control.Principal, id vpn.EndpointID) (out []vpn.Attempt, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnConnections, string(id), func(tx *store.Tx) error { out, err = tx.Attempts(ctx, id, maxAttempts); return err })
	return out, err
}

// AllAttempts lists those of every endpoint.
func (s *Service) AllAttempts(ctx context.Context, by control.Principal, l vpn.List) (out vpn.Page[vpn.Attempt], err error) {
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnConnections, "", func(tx *store.Tx) error { out, err = tx.AllAttempts(ctx, l); return err })
	return out, err
}

// AttemptCodes counts the refused attempts of every endpoint by their code, the newest ones where there are very many.
func (s *Service) AttemptCodes(ctx context.Context, by control.Principal) (n map[vpn.Code]int, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnConnections, "", func(tx *store.Tx) error { n, err = tx.AttemptCodes(ctx); return err })
	return n, err
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
	kept map[vpn.ConnectionID]keptCount // the largest counters that a page may have shown
}

// keptCount outlives a live connection: while it is terminated its last stored counters are older than what pages have
// shown, and counters never run backwards.
type keptCount struct {
	counters vpn.Counters
	at       time.Time
}

// countsKept is how long counters outlive their connection; its end, which stores the final ones, takes seconds.
const countsKept = 10 * time.Minute

// refresh asks for the live connections, unless the last answer is young.
func (c *liveCache) refresh(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last != nil && control.IsYoung(c.at, c.now(), liveCacheLife) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	all, err := c.dataplane.Connections(ctx)
	c.at, c.last = c.now(), make(map[vpn.ConnectionID]vpn.LiveConnection, len(all))
	if err != nil {
		return // the empty answer is kept too: otherwise each page in turn would wait for a dataplane that does not answer
	}
	if c.kept == nil {
		c.kept = map[vpn.ConnectionID]keptCount{}
	}
	for _, l := range all {
		c.last[l.ID] = l
		c.kept[l.ID] = keptCount{l.Counters.Max(c.kept[l.ID].counters), c.at}
	}
	for id, k := range c.kept {
		if c.at.Sub(k.at) > countsKept {
			delete(c.kept, id)
		}
	}
}

// addTo gives a connection its present counters and address.
func (c *liveCache) addTo(conn *vpn.Connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k, ok := c.kept[conn.ID]; ok {
		conn.Counters = conn.Counters.Max(k.counters)
	}
	if now, ok := c.last[conn.ID]; ok && conn.Live() {
		conn.CountedAt, conn.Device = now.CountedAt, now.Device
	}
}
