package control

import (
	"context"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"

	"sallyport/vpn"
)

// Tests stand outside, because the store they run on imports this package. What runs by the clock
// is called by hand here.

func (s *Service) ReconcileOnce(ctx context.Context) error { return s.reconcileOnce(ctx) }

// FollowOnce reads the event stream and then the login stream until each breaks, and decides the
// logins that came.
func (s *Service) FollowOnce(ctx context.Context) error {
	f := newFollower(s)
	err := f.follow(ctx)
	_ = f.receiveLogins(ctx) // the fake ends it after what waits
	for len(f.logins) > 0 {
		f.answer(ctx, f.decide(ctx, f.with(<-f.logins)))
	}
	return err
}

type Missed = map[vpn.ConnectionID]bool

func (s *Service) SweepConnections(ctx context.Context, missed Missed) (Missed, error) {
	return s.sweepConnections(ctx, missed)
}

type Counted = map[vpn.ConnectionID]vpn.Counters

func (s *Service) FlushCounters(ctx context.Context, last Counted) (Counted, error) {
	return s.flushCounters(ctx, last)
}

func (s *Service) Purge(ctx context.Context) error { return s.purge(ctx) }

// Woken tells whether the reconciler's doorbell has rung since the last time.
func (s *Service) Woken() bool {
	select {
	case <-s.core.Woken():
		return true
	default:
		return false
	}
}

// CheapHash is a password hash that costs nothing to check: its parameters are in the string.
func CheapHash(password string) vpn.Secret {
	salt, b := make([]byte, argonSalt), base64.RawStdEncoding
	return vpn.Secret(fmt.Sprintf("$argon2id$v=%d$m=8,t=1,p=1$%s$%s", argon2.Version, b.EncodeToString(salt),
		b.EncodeToString(argon2.IDKey([]byte(password), salt, 1, 8, 1, argonKey))))
}
