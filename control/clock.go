package control

import "time"

// ClockSlack is the difference between two clocks, or between one clock before and after it was
// corrected, that has no consequence.
const ClockSlack = 5 * time.Minute

// FromTheFuture tells whether t was taken by a clock that has been set back since.
func FromTheFuture(t, now time.Time) bool { return t.Sub(now) > ClockSlack }

// IsYoung tells whether a value that was taken at t may still be used. A value from the future was
// taken before the clock was set back: its age is unknown, and it may not be used.
func IsYoung(t, now time.Time, life time.Duration) bool {
	age := now.Sub(t)
	return age >= 0 && age < life
}

// NotBefore is the end of what began at begin, by a clock that may have been set back in between: the
// later of the two times.
func NotBefore(end, begin time.Time) time.Time {
	if end.Before(begin) {
		return begin
	}
	return end
}
