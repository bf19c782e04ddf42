package runner

import (
	"time"

	"sallyport/control"
)

// skippedPurges is the number of purges that are left out after the clock was set: a wrong clock can be
// noticed for a day before history is deleted.
const skippedPurges = int(24 * time.Hour / purgeEvery)

// clockWatch notices that the clock was set, by the time that passes from one purge to the next.
type clockWatch struct {
	last time.Time
	skip int // purges that are still left out
}

// trusts is called every purgeEvery and tells whether rows that are old by this clock may be deleted.
// set tells that the clock was set since the last call.
func (w *clockWatch) trusts(now time.Time) (trusted, set bool) {
	now = now.Round(0) // without the monotonic reading, which does not follow the clock
	passed := now.Sub(w.last)
	w.last = now
	if set = passed < 0 || passed > purgeEvery+control.ClockSlack; set {
		w.skip = skippedPurges
	}
	if w.skip > 0 {
		w.skip--
		return false, set
	}
	return true, false
}
