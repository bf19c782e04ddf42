package control

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

const (
	followAgain = time.Second
	// lingerFor is how long an event waits for others, and then for logins that are being decided, but
	// no longer than lingerMost: of a crowd that comes at once all are let in first, and what became
	// of them is written down in few transactions. Logins do not wait.
	lingerFor     = 50 * time.Millisecond
	lingerMost    = 500 * time.Millisecond
	eventsAtOnce  = 256 // in one transaction
	acknowledgeAt = 100 // events, or at the end of a connection
)

// Follow reads the dataplane's streams until ctx ends: logins are decided, connections begin and
// end. After a break the events continue where the database says that they stopped, so that no event
// is lost and none counts twice.
func (s *Service) Follow(ctx context.Context) {
	f := newFollower(s)
	var work sync.WaitGroup
	work.Go(func() { f.decideLogins(ctx) })
	work.Go(func() { f.repeat(ctx, "the login stream broke", f.receiveLogins) })
	f.repeat(ctx, "the event stream broke", f.follow)
	work.Wait()
}

// repeat opens a stream again whenever it breaks, until ctx ends.
func (f *follower) repeat(ctx context.Context, message string, read func(context.Context) error) {
	for ctx.Err() == nil {
		err := read(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil && vpn.KindOf(err) != vpn.Unavailable {
			f.core.Log.ErrorContext(ctx, message, "err", errorChain(err)) //nolint:sloglint // each caller gives a constant
		}
		pause(ctx, followAgain)
	}
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
	logins   chan vpn.LoginRequest // to be decided
	received sync.Map              // the IDs of logins that were received, until their deadline: a new stream repeats those that wait
	deciding atomic.Int64          // how many are not answered yet

	epoch          string // of the newest event that is in the database
	seq            uint64
	batch          []vpn.Event // that are not yet
	unacknowledged int
}

func newFollower(s *Service) *follower {
	return &follower{Service: s, logins: make(chan vpn.LoginRequest, loginsWaiting)}
}

// arrival is an event, or why there will be no more.
type arrival struct {
	event vpn.Event
	err   error
}

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
	epoch, seq := f.epoch, f.seq // of the newest that came
	var due <-chan time.Time
	var oldest time.Time // when the first of the batch came
	for {
		select {
		case <-due:
			if f.deciding.Load() > 0 && time.Since(oldest) < lingerMost {
				due = time.After(lingerFor)
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
				due, oldest = time.After(lingerFor), time.Now()
			}
			if len(f.batch) >= eventsAtOnce {
				if err := f.write(ctx); err != nil {
					return err
				}
			}
		}
	}
}

// write applies the events that wait and moves the cursor, all in one transaction.
func (f *follower) write(ctx context.Context) error {
	if len(f.batch) == 0 {
		return nil
	}
	last := f.batch[len(f.batch)-1]
	err := f.core.Update(ctx, func(tx *store.Tx) error {
		for _, ev := range f.batch {
			if err := f.apply(ctx, tx, ev); err != nil {
				return err
			}
		}
		return tx.SaveEventCursor(ctx, f.node, last.Epoch, last.Seq)
	})
	if err != nil {
		return err
	}
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
