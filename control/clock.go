package control

import "time"

// clockSlack is how far the clocks of the nodes, or one clock before and after it was set right,
// may be apart without any consequence.
const clockSlack = 5 * time.Minute

// distrustFor is how many purges are left out after the clock was set: whoever set it wrong has a
// day to notice before history is thrown away for good.
const distrustFor = int(24 * time.Hour / purgeEvery)

// clockWatch notices that the clock was set, by what it shows from one purge to the next.
type clockWatch struct {
	last     time.Time
	distrust int
}

// trusts is asked every purgeEvery and tells whether what is old by this clock may be thrown away.
// set is true when the clock has been set since the last time.
func (w *clockWatch) trusts(now time.Time) (trusted, set bool) {
	now = now.Round(0) // without the monotonic reading, which nobody can set
	passed := now.Sub(w.last)
	w.last = now
	if set = passed < 0 || passed > purgeEvery+clockSlack; set {
		w.distrust = distrustFor
	}
	if w.distrust > 0 {
		w.distrust--
		return false, set
	}
	return true, false
}

// fromTheFuture tells whether a time was taken by a clock that has been set back since.
func fromTheFuture(t, now time.Time) bool { return t.Sub(now) > clockSlack }

// young tells whether something noted at t may still be used. What the clock says is yet to come
// was noted before the clock was set back, and nobody knows how long.
func young(t, now time.Time, life time.Duration) bool {
	age := now.Sub(t)
	return age >= 0 && age < life
}

// notBefore is when something ended that began at begin, by a clock that may have been set back
// meanwhile.
func notBefore(end, begin time.Time) time.Time {
	if end.Before(begin) {
		return begin
	}
	return end
}
