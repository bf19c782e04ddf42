package vpn

import (
	"fmt"
	"slices"
	"time"
)

// SignInLimit bounds the failed sign-ins of VPN users, so that a directory never locks an account because of wrong
// passwords that came through this server: it stays below the directory's own limit, and forgets no sooner.
type SignInLimit struct {
	Attempts int           // failed sign-ins of an account, one after the other
	Window   time.Duration // without a failure, after which they are forgotten
}

// SignInFailures are the failed sign-ins of one account, or from one source, since the last one that succeeded or was
// forgotten.
type SignInFailures struct {
	Count int
	Last  time.Time
}

// sourceFactor is how many times the limit of an account a source has: many users may be behind one address.
const sourceFactor = 10

// pauses are the waits after failures of an account that are below the limit: by the number of failures. The last one holds
// for all above.
var pauses = []time.Duration{0, 0, 5 * time.Second, 15 * time.Second, 30 * time.Second}

// Forgotten tells whether the failures do not count any more. A clock that was set back forgets them too.
func (l SignInLimit) Forgotten(f SignInFailures, now time.Time) bool {
	return f.Count == 0 || !now.Before(f.Last.Add(l.Window)) || f.Last.After(now.Add(time.Minute))
}

// AccountWait is how long an account takes no sign-in; 0: it takes one now. The last attempt of the limit is kept for
// sources that the user signed in from before: failures from elsewhere never keep those out.
func (l SignInLimit) AccountWait(f SignInFailures, known bool, now time.Time) time.Duration {
	if l.Forgotten(f, now) {
		return 0
	}
	limit := l.Attempts
	if !known {
		limit--
	}
	if f.Count >= limit {
		return f.Last.Add(l.Window).Sub(now)
	}
	return max(0, f.Last.Add(pauses[min(f.Count, len(pauses)-1)]).Sub(now))
}

// SourceWait is the same for a source.
func (l SignInLimit) SourceWait(f SignInFailures, now time.Time) time.Duration {
	if l.Forgotten(f, now) || f.Count < sourceFactor*l.Attempts {
		return 0
	}
	return f.Last.Add(l.Window).Sub(now)
}

// Failed counts one more failure.
func (l SignInLimit) Failed(f SignInFailures, now time.Time) SignInFailures {
	if l.Forgotten(f, now) {
		f.Count = 0
	}
	return SignInFailures{Count: f.Count + 1, Last: now}
}

// ErrSignInThrottled refuses a sign-in that has to wait.
func ErrSignInThrottled(wait time.Duration, now time.Time) *Error {
	return Refuse(Throttled, CodeSignInThrottled, fmt.Sprintf(tooManyFailed+" Try again in %s, at %s UTC.", roundedWait(wait), now.Add(wait).Add(time.Second).UTC().Format("15:04:05")))
}

// Listed is the sentence of a refusal as lists of attempts have it: without what differs from attempt to attempt.
func (e *Error) Listed() string {
	if e.Code == CodeSignInThrottled {
		return tooManyFailed
	}
	if e.Code == CodeMFACodesThrottled {
		return tooManyCodes
	}
	if e.Code == CodeMFADeviceMissing {
		return ErrMFADeviceMissing.Msg
	}
	return e.Msg
}

const tooManyFailed = "Too many sign-ins failed."

// roundedWait is a wait in words, never shorter than it is.
func roundedWait(d time.Duration) string {
	n, unit := int((d+time.Second-1)/time.Second), "second"
	if d > 90*time.Second {
		n, unit = int((d+time.Minute-1)/time.Minute), "minute"
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}

// SignInSubject is what failed sign-ins are counted of.
type SignInSubject int

// The subjects. Any host can cause rows of the last two, so their number is bounded.
const (
	SubjectUser    SignInSubject = iota // a user of a directory, by ProviderUser.Key
	SubjectUnknown                      // a name that is no user of a directory
	SubjectSource                       // the network that sign-ins come from
)

// DefaultSignInLimit is below the usual limits of directories, 5 to 10 failures in 10 minutes.
var DefaultSignInLimit = SignInLimit{Attempts: 4, Window: 10 * time.Minute}

// CountsAsFailure tells whether a refusal is a failed sign-in, which may have been a guess.
func (e *Error) CountsAsFailure() bool {
	return slices.Contains([]Code{CodeUserCredentials, CodeUserUnknown, CodeUserAmbiguous, CodeUserUnnamed, CodeUserLocked, CodeMFACodeWrong, CodeMFACodeUsed, CodeMFACodesThrottled}, e.Code)
}
