package runner

import (
	"cmp"
	"context"
	"slices"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// eventBatch is the events that one transaction applies. Their connections are read together before, and written together
// after.
type eventBatch struct {
	*follower
	tx          *store.Tx
	connections map[vpn.ConnectionID]vpn.Connection // as the events have left them; none where there is no such connection
	changed     []vpn.ConnectionID                  // some more than once
}

// apply applies the batch in its order.
func (f *follower) apply(ctx context.Context, tx *store.Tx) error {
	var ids []vpn.ConnectionID
	for _, ev := range f.batch {
		if id := ev.Connection(); id != "" {
			ids = append(ids, id)
		}
	}
	known, err := tx.ConnectionsByID(ctx, ids...)
	if err != nil {
		return err
	}
	b := &eventBatch{follower: f, tx: tx, connections: known}
	for _, ev := range f.batch {
		if err := b.applyOne(ctx, ev); err != nil {
			return err
		}
	}
	var changed []vpn.Connection
	slices.Sort(b.changed)
	for _, id := range slices.Compact(b.changed) {
		if c, exists := b.connections[id]; exists {
			changed = append(changed, c)
		}
	}
	return tx.SaveConnectionStates(ctx, changed...)
}

// set has a connection written.
func (b *eventBatch) set(c vpn.Connection) {
	b.connections[c.ID] = c
	b.changed = append(b.changed, c.ID)
}

func (b *eventBatch) applyOne(ctx context.Context, ev vpn.Event) error {
	switch {
	case ev.Established != nil:
		b.established(ctx, *ev.Established, ev.At)
	case ev.Away != nil:
		b.away(*ev.Away, ev.At)
	case ev.Ended != nil:
		return b.ended(ctx, *ev.Ended, ev.At)
	case ev.Refused != nil:
		b.core.Log.InfoContext(ctx, "connection attempt refused", "endpoint", ev.Refused.Endpoint,
			"device", ev.Refused.Device.String(), "common_name", ev.Refused.CommonName, "code", ev.Refused.Code, "reason", ev.Refused.Reason)
		return b.tx.CreateAttempt(ctx, *ev.Refused, ev.At)
	}
	return nil
}

func (b *eventBatch) established(ctx context.Context, e vpn.Established, at time.Time) {
	c, known := b.connections[e.Connection]
	if !known || c.Status == vpn.ConnectionTerminated {
		// A repetition of old events has such ones too: their connections have ended, and nothing happens.
		b.core.Log.WarnContext(ctx, "a connection that is not to be was established; it is ended", "connection", e.Connection)
		b.unwanted = append(b.unwanted, e.Connection)
		return
	}
	c.ClientIP, c.Device, c.Association = e.ClientIP, e.Device, e.Association
	if c.Status == vpn.ConnectionConnecting {
		c.Status, c.EstablishedAt = vpn.ConnectionActive, at
	}
	if c.Status == vpn.ConnectionAway {
		c.Status = vpn.ConnectionActive
	}
	c.AwaySince = time.Time{}
	b.set(c)
}

// away stores that a connection's client is out of reach. One that is being terminated stays so.
func (b *eventBatch) away(e vpn.Away, at time.Time) {
	c := b.connections[e.Connection]
	if c.Status != vpn.ConnectionActive {
		return
	}
	c.Status, c.AwaySince = vpn.ConnectionAway, control.NotBefore(at, c.EstablishedAt)
	if e.Counters != (vpn.Counters{}) {
		c.Counters, c.CountedAt = e.Counters, at
	}
	b.set(c)
}

func (b *eventBatch) ended(ctx context.Context, e vpn.Ended, at time.Time) error {
	c, known := b.connections[e.Connection]
	if !known || c.Status == vpn.ConnectionTerminated { // it was purged, or this is a repetition
		return nil
	}
	unheard := e.Code == vpn.CodeConnectionNotEstablished && e.Counters == (vpn.Counters{}) && c.Counters == (vpn.Counters{})
	if c.EstablishedAt.IsZero() || unheard {
		return b.neverEstablished(ctx, c, e, at)
	}
	if c.Status != vpn.ConnectionTerminating && c.Status != vpn.ConnectionFailedToTerminate {
		c.EndReason = e.Reason
	}
	c.AwaySince = time.Time{}
	c.Status, c.EndedAt = vpn.ConnectionTerminated, control.NotBefore(at, c.EstablishedAt)
	if e.Counters != (vpn.Counters{}) { // a repeated end has no counters: the stored ones stay
		c.Counters, c.CountedAt = e.Counters, at
	}
	b.set(c)
	return nil
}

// neverEstablished lists a granted login that became no connection as a refused attempt: its tunnel was never up, or nothing came
// from the client after OpenVPN had taken it for up. Its row goes: a
// client can cause any number of them, and refused attempts are bounded.
func (b *eventBatch) neverEstablished(ctx context.Context, c vpn.Connection, e vpn.Ended, at time.Time) error {
	login := vpn.LoginRequest{Endpoint: c.Endpoint, Device: c.Device, CommonName: c.CommonName}
	if c.Provider != "" {
		login.Username = c.Username
	}
	refused := login.Refused(cmp.Or(e.Code, vpn.CodeConnectionNotEstablished), e.Reason)
	refused.User = c.UserRef()
	b.core.Log.InfoContext(ctx, "a granted login became no connection", "endpoint", c.Endpoint, "connection", c.ID, "common_name", refused.CommonName, "code", refused.Code, "reason", e.Reason)
	if err := b.tx.CreateAttempt(ctx, refused, at); err != nil {
		return err
	}
	session, err := b.tx.VPNSession(ctx, c.Session)
	switch {
	case err != nil && vpn.KindOf(err) != vpn.NotFound:
		return err
	case err == nil && session.Connections == 1: // the login began it
		if err := b.tx.DeleteVPNSession(ctx, session.ID); err != nil {
			return err
		}
	}
	delete(b.connections, c.ID)
	return b.tx.DeleteConnection(ctx, c.ID)
}
