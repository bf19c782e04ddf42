package vpn

import (
	"fmt"
	"time"
)

// MFALimit bounds the wrong codes of one MFA device, which come from those who have the user's password: so many at once, and
// then one after so long. A right code changes nothing about it, because its user is not the one who guesses.
type MFALimit struct {
	Codes int
	Every time.Duration
}

// The limits of codes from where the user signed in before, and from elsewhere. They are counted apart, so that guesses from
// elsewhere do not keep the user out. Together they let 33 codes a day through: with the three that are valid at a time, a
// chance of 0.01 % a day to guess one.
var (
	MFALimitKnown     = MFALimit{Codes: 10, Every: 160 * time.Minute}
	MFALimitElsewhere = MFALimit{Codes: 5, Every: 3 * time.Hour}
)

// pass is the failures as they count at a time. Last is the time up to which they have decreased.
func (l MFALimit) pass(f SignInFailures, now time.Time) SignInFailures {
	n := int(now.Sub(f.Last) / l.Every)
	if n >= f.Count || f.Last.After(now.Add(time.Minute)) { // a clock that was set back forgets them too
		return SignInFailures{Last: now}
	}
	return SignInFailures{Count: f.Count - max(0, n), Last: f.Last.Add(time.Duration(max(0, n)) * l.Every)}
}

// Wait is how long no code is judged; 0: one is now.
func (l MFALimit) Wait(f SignInFailures, now time.Time) time.Duration {
	if f = l.pass(f, now); f.Count < l.Codes {
		return 0
	}
	return f.Last.Add(l.Every).Sub(now)
}

// Wrong counts one more wrong code.
func (l MFALimit) Wrong(f SignInFailures, now time.Time) SignInFailures {
	f = l.pass(f, now)
	f.Count++
	return f
}

// ErrMFACodesThrottled refuses a sign-in whose code is not judged. The user is told what a wrong password is told: another
// answer would tell who guesses that the password is right.
func ErrMFACodesThrottled(wait time.Duration, now time.Time) *Error {
	return Refuse(Denied, CodeMFACodesThrottled, fmt.Sprintf(tooManyCodes+" The next one is judged in %s, at %s UTC.", roundedWait(wait), now.Add(wait).Add(time.Second).UTC().Format("15:04:05")))
}

// EnrolmentCodesWait says that no enrolment code is judged for a time.
func EnrolmentCodesWait(wait time.Duration, now time.Time) string {
	return fmt.Sprintf("Too many enrolment codes were wrong. The next one is judged in %s, at %s UTC.", roundedWait(wait), now.Add(wait).Add(time.Second).UTC().Format("15:04:05"))
}

const tooManyCodes = "Too many MFA codes of this user were wrong, after the right password."
