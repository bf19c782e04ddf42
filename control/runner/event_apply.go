package runner

import (
	"cmp"
	"context"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

func (f *follower) apply(ctx context.Context, tx *store.Tx, ev vpn.Event) error {
	switch {
	case ev.Established != nil:
		return f.established(ctx, tx, *ev.Established, ev.At)
	case ev.Away != nil:
		return f.away(ctx, tx, *ev.Away, ev.At)
	case ev.Ended != nil:
		return f.ended(ctx, tx, *ev.Ended, ev.At)
	case ev.Refused != nil:
		f.core.Log.InfoContext(ctx, "connection attempt refused", "endpoint", ev.Refused.Endpoint,
			"device", ev.Refused.Device.String(), "common_name", ev.Refused.CommonName, "code", ev.Refused.Code, "reason", ev.Refused.Reason)
		return tx.CreateAttempt(ctx, *ev.Refused, ev.At)
	}
	return nil
}

func (f *follower) established(ctx context.Context, tx *store.Tx, e vpn.Established, at time.Time) error {
	c, err := tx.Connection(ctx, e.Connection)
	missing := vpn.KindOf(err) == vpn.NotFound
	if err != nil && !missing {
		return err
	}
	if missing || c.Status == vpn.ConnectionTerminated {
		// A repetition of old events has such ones too: their connections have ended, and nothing happens.
		f.core.Log.WarnContext(ctx, "a connection that is not to be was established; it is ended", "connection", e.Connection)
		f.unwanted = append(f.unwanted, e.Connection)
		return nil
	}
	c.ClientIP, c.Device, c.Association = e.ClientIP, e.Device, e.Association
	if c.Status == vpn.ConnectionConnecting {
		c.Status, c.EstablishedAt = vpn.ConnectionActive, at
	}
	if c.Status == vpn.ConnectionAway {
		c.Status = vpn.ConnectionActive
	}
	c.AwaySince = time.Time{}
	return tx.SaveConnection(ctx, c)
}

// away stores that a connection's client is out of reach. One that is being terminated stays so.
func (f *follower) away(ctx context.Context, tx *store.Tx, e vpn.Away, at time.Time) error {
	c, err := tx.Connection(ctx, e.Connection)
	if err != nil && vpn.KindOf(err) == vpn.NotFound {
		return nil
	}
	if err != nil || c.Status != vpn.ConnectionActive {
		return err
	}
	c.Status, c.AwaySince = vpn.ConnectionAway, control.NotBefore(at, c.EstablishedAt)
	if e.Counters != (vpn.Counters{}) {
		c.Counters, c.CountedAt = e.Counters, at
	}
	return tx.SaveConnection(ctx, c)
}

func (f *follower) ended(ctx context.Context, tx *store.Tx, e vpn.Ended, at time.Time) error {
	c, err := tx.Connection(ctx, e.Connection)
	if err != nil && vpn.KindOf(err) == vpn.NotFound {
		return nil // it was purged
	}
	if err != nil || c.Status == vpn.ConnectionTerminated {
		return err
	}
	if c.EstablishedAt.IsZero() {
		return f.neverEstablished(ctx, tx, c, e, at)
	}
	if c.Status != vpn.ConnectionTerminating && c.Status != vpn.ConnectionFailedToTerminate {
		c.EndReason = e.Reason
	}
	c.AwaySince = time.Time{}
	c.Status, c.EndedAt = vpn.ConnectionTerminated, control.NotBefore(at, c.EstablishedAt)
	if e.Counters != (vpn.Counters{}) { // a repeated end has no counters: the stored ones stay
		c.Counters, c.CountedAt = e.Counters, at
	}
	return tx.SaveConnection(ctx, c)
}

// neverEstablished lists a granted login that became no connection as a refused attempt. Its row goes: a
// client can cause any number of them, and refused attempts are bounded.
func (f *follower) neverEstablished(ctx context.Context, tx *store.Tx, c vpn.Connection, e vpn.Ended, at time.Time) error {
	login := vpn.LoginRequest{Endpoint: c.Endpoint, Device: c.Device, CommonName: c.CommonName}
	if c.Provider != "" {
		login.Username = c.Username
	}
	refused := login.Refused(cmp.Or(e.Code, vpn.CodeConnectionNotEstablished), e.Reason)
	f.core.Log.InfoContext(ctx, "a granted login became no connection", "endpoint", c.Endpoint, "connection", c.ID, "common_name", refused.CommonName, "code", refused.Code, "reason", e.Reason)
	if err := tx.CreateAttempt(ctx, refused, at); err != nil {
		return err
	}
	session, err := tx.VPNSession(ctx, c.Session)
	switch {
	case err != nil && vpn.KindOf(err) != vpn.NotFound:
		return err
	case err == nil && session.Connections == 1: // the login began it
		if err := tx.DeleteVPNSession(ctx, session.ID); err != nil {
			return err
		}
	}
	return tx.DeleteConnection(ctx, c.ID)
}
