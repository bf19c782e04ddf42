package control

import (
	"context"
	"sync"
	"time"

	"sallyport/vpn"
)

const (
	followAgain   = time.Second
	loginsAtOnce  = 8
	acknowledgeAt = 100 // events, or at the end of a connection
)

// Follow takes over the dataplane's events until ctx ends: logins are decided, connections begin
// and end. After a break it goes on where the database says it stopped, so that no event is lost
// and none counts twice.
func (s *Service) Follow(ctx context.Context) {
	f := &follower{Service: s, logins: make(chan struct{}, loginsAtOnce)}
	for ctx.Err() == nil {
		err := f.follow(ctx)
		if ctx.Err() != nil {
			break
		}
		if err != nil && vpn.KindOf(err) != vpn.Unavailable {
			s.log.ErrorContext(ctx, "the event stream broke", "err", errorChain(err))
		}
		pause(ctx, followAgain)
	}
	f.deciding.Wait()
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

type follower struct {
	*Service
	logins   chan struct{} // how many logins are decided at once
	deciding sync.WaitGroup
	epoch    string // of the newest event that was taken; the database may be logins behind
	seq      uint64
}

func (f *follower) follow(ctx context.Context) error {
	var epoch string
	var seq uint64
	err := f.store.View(ctx, func(tx Tx) (err error) { epoch, seq, err = tx.EventCursor(ctx, f.node); return err })
	if err != nil {
		return err
	}
	if epoch == f.epoch { // logins that we are deciding are not to be told again
		seq = max(seq, f.seq)
	}
	unacknowledged := 0
	for ev, err := range f.dataplane.Events(ctx, epoch, seq) {
		if err != nil {
			return err
		}
		if ev.Epoch == epoch && ev.Seq <= seq {
			continue // a repetition
		}
		if err := f.take(ctx, ev); err != nil {
			return err
		}
		epoch, seq = ev.Epoch, ev.Seq
		f.epoch, f.seq = epoch, seq
		if unacknowledged++; unacknowledged >= acknowledgeAt || ev.Ended != nil {
			if err := f.dataplane.Acknowledge(ctx, epoch, seq); err != nil {
				return err
			}
			unacknowledged = 0
		}
	}
	return nil
}

// take applies one event and moves the cursor in the same transaction. A login is decided beside
// the stream and needs no transaction but its decision's: the next event moves the cursor past
// it. After a crash the dataplane tells it again only if it still waits for its answer.
func (f *follower) take(ctx context.Context, ev vpn.Event) error {
	if ev.Login == nil {
		return f.store.Update(ctx, func(tx Tx) error {
			if err := f.apply(ctx, tx, ev); err != nil {
				return err
			}
			return tx.SaveEventCursor(ctx, f.node, ev.Epoch, ev.Seq)
		})
	}
	select {
	case f.logins <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	f.deciding.Go(func() {
		defer func() { <-f.logins }()
		f.decide(ctx, *ev.Login)
	})
	return nil
}

func (f *follower) apply(ctx context.Context, tx Tx, ev vpn.Event) error {
	switch {
	case ev.Established != nil:
		return f.established(ctx, tx, *ev.Established, ev.At)
	case ev.Ended != nil:
		return f.ended(ctx, tx, *ev.Ended, ev.At)
	case ev.Refused != nil:
		f.log.InfoContext(ctx, "connection attempt refused", "endpoint", ev.Refused.Endpoint,
			"device", ev.Refused.Device.String(), "common_name", ev.Refused.CommonName, "reason", ev.Refused.Reason)
		return tx.CreateAttempt(ctx, *ev.Refused, ev.At)
	}
	return nil
}

func (f *follower) established(ctx context.Context, tx Tx, e vpn.Established, at time.Time) error {
	c, err := tx.Connection(ctx, e.Connection)
	if err != nil && vpn.KindOf(err) == vpn.NotFound {
		f.log.WarnContext(ctx, "a connection was established that nobody granted; it is ended", "connection", e.Connection)
		return nil // the sweep of unknown connections ends it
	}
	if err != nil || c.Status == vpn.ConnectionTerminated {
		return err
	}
	c.ClientIP, c.Device, c.Association = e.ClientIP, e.Device, e.Association
	if c.Status == vpn.ConnectionConnecting {
		c.Status, c.EstablishedAt = vpn.ConnectionActive, at
	}
	return tx.SaveConnection(ctx, c)
}

func (f *follower) ended(ctx context.Context, tx Tx, e vpn.Ended, at time.Time) error {
	c, err := tx.Connection(ctx, e.Connection)
	if err != nil && vpn.KindOf(err) == vpn.NotFound {
		return nil // purged meanwhile
	}
	if err != nil || c.Status == vpn.ConnectionTerminated {
		return err
	}
	if c.Status != vpn.ConnectionTerminating && c.Status != vpn.ConnectionFailedToTerminate {
		c.EndReason = e.Reason
	}
	c.Status, c.EndedAt = vpn.ConnectionTerminated, notBefore(at, c.EstablishedAt)
	if e.Counters != (vpn.Counters{}) { // an end that is told a second time has none: what was counted stands
		c.Counters, c.CountedAt = e.Counters, at
	}
	return tx.SaveConnection(ctx, c)
}
