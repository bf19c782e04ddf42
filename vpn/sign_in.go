package vpn

import (
	"context"
	"time"
)

// SignInAttempt is one sign-in of a user at a directory.
type SignInAttempt struct {
	Name     string // as typed
	Password Secret // the user's own, without what a client adds to it (SplitPassword)
	Trace    *SignInTrace
	// Found is asked before the password is tried, with the user's key, or "" where there is no such user. Its error ends the
	// sign-in, and the password is not tried. Nil allows every sign-in.
	Found func(ctx context.Context, key string) error
	// Proved is asked right after the directory has accepted the password and before anything else is read, so that its
	// refusal takes as long as that of a wrong password. Nil allows every sign-in.
	Proved func(ctx context.Context, key string) error
}

// MayTry is Found's answer.
func (a SignInAttempt) MayTry(ctx context.Context, key string) error {
	if a.Found == nil {
		return nil
	}
	return a.Found(ctx, key)
}

// MayPass is Proved's answer.
func (a SignInAttempt) MayPass(ctx context.Context, key string) error {
	if a.Proved == nil {
		return nil
	}
	return a.Proved(ctx, key)
}

// SignInStep is one step of a sign-in, for the administrator who tries one.
type SignInStep struct {
	Name   string
	Detail []string // what was found, a line each
	Took   time.Duration
	Err    error
}

// SignInTrace collects the steps of one sign-in. A nil one collects nothing.
type SignInTrace struct{ Steps []SignInStep }

// Step begins a step. The function that it gives ends it.
func (t *SignInTrace) Step(name string) func(err error, detail ...string) {
	if t == nil {
		return func(error, ...string) {}
	}
	begun := time.Now()
	return func(err error, detail ...string) {
		t.Steps = append(t.Steps, SignInStep{Name: name, Detail: detail, Took: time.Since(begun), Err: err})
	}
}
