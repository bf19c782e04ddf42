package runner

import (
	"context"
	"errors"
	"time"

	"sallyport/control"
	"sallyport/store"
)

// Certificates are the certificates that are kept here.
type Certificates interface {
	// RenewDue renews the server certificates that end soon.
	RenewDue(ctx context.Context) error
	// WarnOfEnding writes to the log which certificates end soon. It is called every hour.
	WarnOfEnding(ctx context.Context) error
	// RenewLists signs the revocation lists that are made here and changed or end soon.
	RenewLists(ctx context.Context) error
	// ClearUnused deletes what an import of a revocation list left that was stopped.
	ClearUnused(ctx context.Context) error
	// WarnOfLists writes to the log which revocation lists end soon.
	WarnOfLists(ctx context.Context)
}

// renewAtStart renews the certificates that are due where the clock can be trusted already: the program has written the time not long
// ago. Otherwise it is left to the first look, an hour later: a certificate made by a clock that is ahead is valid for no client.
func (s *Runner) renewAtStart(ctx context.Context) error {
	last := s.lastRun(ctx)
	if now := s.core.Now(); s.certificates == nil || last.After(now) || now.Sub(last) > purgeEvery+control.ClockSlack {
		return nil
	}
	return s.certificates.RenewDue(ctx)
}

// lastRun is when a program with this database last saw its dataplane before this one; zero where none did.
func (s *Runner) lastRun(ctx context.Context) time.Time {
	s.before.Do(func() {
		err := s.core.View(ctx, func(tx *store.Tx) (err error) { s.seen, err = tx.LastObservation(ctx); return err })
		if err != nil && ctx.Err() == nil {
			s.core.Log.ErrorContext(ctx, "the time of the last run cannot be read", "err", errorChain(err))
		}
	})
	return s.seen
}

// lookAtCertificates renews the certificates that end soon and warns of the others, and clears up after imports of revocation lists.
func (s *Runner) lookAtCertificates(ctx context.Context) error {
	return errors.Join(s.certificates.RenewDue(ctx), s.certificates.WarnOfEnding(ctx), s.certificates.ClearUnused(ctx))
}
