package access

import (
	"time"

	"sallyport/control"
	"sallyport/control/turn"
)

// throttle limits sign-in attempts before any password is hashed: one rate for each source, and one
// for each account at a source. There is none for an account alone, so that failures from elsewhere
// never keep the administrator out. passwordHasher bounds the work besides.
type throttle struct{ rates *turn.Rates }

var (
	attemptsOfAddress = turn.Rate{Burst: 20, Every: 5 * time.Second}
	attemptsOfAccount = turn.Rate{Burst: 5, Every: 30 * time.Second} // from one address
)

func newThrottle(now func() time.Time) *throttle { return &throttle{turn.NewRates(now)} }

func ofAccount(source, account string) string {
	return "u|" + control.SourceNetwork(source) + "|" + account
}

// allow takes one attempt of both; where one has none, wait is the time until the next.
func (t *throttle) allow(source, account string) (ok bool, wait time.Duration) {
	if wait := t.rates.Take("a|"+control.SourceNetwork(source), attemptsOfAddress); wait > 0 {
		// Nothing is kept of the account: a source that invents names would otherwise fill the memory
		// until all rates are dropped, its own among them.
		return false, wait
	}
	wait = t.rates.Take(ofAccount(source, account), attemptsOfAccount)
	return wait == 0, wait
}

// forget gives an account's attempts back after a success.
func (t *throttle) forget(source, account string) { t.rates.Forget(ofAccount(source, account)) }
