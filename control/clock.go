package control

import "time"

// ClockSlack is how far the clocks of the nodes, or one clock before and after it was set right,
// may be apart without any consequence.
const ClockSlack = 5 * time.Minute

// FromTheFuture tells whether a time was taken by a clock that has been set back since.
func FromTheFuture(t, now time.Time) bool { return t.Sub(now) > ClockSlack }

// IsYoung tells whether something noted at t may still be used. What the clock says is yet to come
// was noted before the clock was set back, and nobody knows how long.
func IsYoung(t, now time.Time, life time.Duration) bool {
	age := now.Sub(t)
	return age >= 0 && age < life
}

// NotBefore is when something ended that began at begin, by a clock that may have been set back
// meanwhile.
func NotBefore(end, begin time.Time) time.Time {
	if end.Before(begin) {
		return begin
	}
	return end
}
