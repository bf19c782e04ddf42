package runner

import (
	"context"
	"sync"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

const (
	followAgain = time.Second
	// batchDelay is how long an event waits for others, and then for logins that are being decided,
	// but no longer than maxBatchDelay: when many clients come at once, all are admitted first, and
	// their events are stored in few transactions. Logins do not wait.
	batchDelay    = 50 * time.Millisecond
	maxBatchDelay = 500 * time.Millisecond
	maxBatch      = 256 // events in one transaction
	acknowledgeAt = 100 // events, or at the end of a connection
)

// Follow reads the dataplane's streams until ctx ends: logins are decided, connections begin and
// end. After a break the events continue where the database says that they stopped, so that no event
// is lost and none counts twice.
func (s *Runner) Follow(ctx context.Context) {
	logins := s.newDecider()
	events := s.newFollower(logins.busy)
	var work sync.WaitGroup
	work.Go(func() { logins.run(ctx) })
	work.Go(func() { logins.watchBrowsers(ctx) })
	work.Go(func() { s.repeat(ctx, "the login stream broke", logins.receive) })
	s.repeat(ctx, "the event stream broke", events.follow)
	work.Wait()
}

// FollowOnce reads the stream of events and then the stream of logins until each breaks, decides the
// logins, and returns why the stream of events broke.
func (s *Runner) FollowOnce(ctx context.Context) error {
	logins := s.newDecider()
	err := s.newFollower(logins.busy).follow(ctx)
	_ = logins.receive(ctx) // the error is that of the event stream: both break together
	logins.proving.Wait()
	for len(logins.queue) > 0 {
		logins.answer(ctx, logins.decide(ctx, logins.drain(<-logins.queue)))
	}
	return err
}

// repeat opens a stream again whenever it breaks, until ctx ends.
func (s *Runner) repeat(ctx context.Context, message string, read func(context.Context) error) {
	for ctx.Err() == nil {
		err := read(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil && vpn.KindOf(err) != vpn.Unavailable {
			s.core.Log.ErrorContext(ctx, message, "err", errorChain(err)) //nolint:sloglint // each caller gives a constant
		}
		waitFor(ctx, followAgain)
	}
}

// waitFor returns after d, or when ctx ends.
func waitFor(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// follower stores the events of the dataplane.
type follower struct {
	core      *control.Core
	dataplane Dataplane
	node      string
	busy      func() bool // logins are being decided

	epoch          string // of the newest event that is in the database
	seq            uint64
	batch          []vpn.Event        // that are not in the database yet
	unwanted       []vpn.ConnectionID // established, and the database says that they are not to be
	unacknowledged int
}

func (s *Runner) newFollower(busy func() bool) *follower {
	return &follower{core: s.core, dataplane: s.dataplane, node: s.node, busy: busy}
}

// arrival is an event, or the error that ended the stream.
type arrival struct {
	event vpn.Event
	err   error
}

// follow reads the stream of events until it breaks.
func (f *follower) follow(ctx context.Context) error {
	err := f.core.View(ctx, func(tx *store.Tx) (err error) { f.epoch, f.seq, err = tx.EventCursor(ctx, f.node); return err })
	if err != nil {
		return err
	}
	f.batch = nil
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	arrivals := make(chan arrival)
	go func() {
		defer close(arrivals)
		for ev, err := range f.dataplane.Events(ctx, f.epoch, f.seq) {
			select {
			case arrivals <- arrival{ev, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	epoch, seq := f.epoch, f.seq // of the newest event that arrived
	var due <-chan time.Time
	var oldest time.Time // when the first event of the batch arrived
	for {
		select {
		case <-due:
			if f.busy() && time.Since(oldest) < maxBatchDelay {
				due = time.After(batchDelay)
				continue
			}
			due = nil
			if err := f.write(ctx); err != nil {
				return err
			}
		case a, open := <-arrivals:
			if !open || a.err != nil {
				if err := f.write(ctx); err != nil {
					return err
				}
				return a.err
			}
			if a.event.Epoch == epoch && a.event.Seq <= seq {
				continue // a repetition
			}
			epoch, seq = a.event.Epoch, a.event.Seq
			f.batch = append(f.batch, a.event)
			if due == nil {
				due, oldest = time.After(batchDelay), time.Now()
			}
			if len(f.batch) >= maxBatch {
				if err := f.write(ctx); err != nil {
					return err
				}
			}
		}
	}
}

// endUnwanted ends the connections that are established and are not to be. Where it fails sweepConnections
// ends them.
func (f *follower) endUnwanted(ctx context.Context) {
	if len(f.unwanted) == 0 {
		return
	}
	if err := f.dataplane.Terminate(ctx, f.unwanted, unknownSession); err != nil {
		f.core.Log.WarnContext(ctx, "connections that are not to be were not ended yet", "number", len(f.unwanted), "err", errorChain(err))
	}
}

// unknownSession is what the user of a connection is shown that the database does not have.
const unknownSession = "Your session is not known to the VPN server any more."

// write applies the batch and moves the cursor, all in one transaction.
func (f *follower) write(ctx context.Context) error {
	if len(f.batch) == 0 {
		return nil
	}
	last := f.batch[len(f.batch)-1]
	err := f.core.Update(ctx, func(tx *store.Tx) error {
		f.unwanted = nil
		if err := f.apply(ctx, tx); err != nil {
			return err
		}
		return tx.SaveEventCursor(ctx, f.node, last.Epoch, last.Seq)
	})
	if err != nil {
		return err
	}
	f.endUnwanted(ctx)
	ended := false
	for _, ev := range f.batch {
		ended = ended || ev.Ended != nil
	}
	f.unacknowledged += len(f.batch)
	f.epoch, f.seq, f.batch = last.Epoch, last.Seq, f.batch[:0]
	if ended || f.unacknowledged >= acknowledgeAt {
		if err := f.dataplane.Acknowledge(ctx, f.epoch, f.seq); err != nil {
			return err
		}
		f.unacknowledged = 0
	}
	return nil
}
