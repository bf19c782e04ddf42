package runner

import (
	"time"

	"sallyport/control"
)

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
	if set = passed < 0 || passed > purgeEvery+control.ClockSlack; set {
		w.distrust = distrustFor
	}
	if w.distrust > 0 {
		w.distrust--
		return false, set
	}
	return true, false
}
