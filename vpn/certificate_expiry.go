package vpn

import "time"

// ExpirySteps are the days before the end of something at which administrators are warned of it.
var ExpirySteps = []int{30, 14, 7, 1}

// warnEvery is how often it is asked whether a step is reached.
const warnEvery = time.Hour

// ExpiryStep tells the step that was reached within the last hour.
func ExpiryStep(end, now time.Time) (days int, reached bool) {
	for _, n := range ExpirySteps {
		if from := end.Add(-time.Duration(n) * day); !now.Before(from) && now.Before(from.Add(warnEvery)) {
			return n, true
		}
	}
	return 0, false
}

// RenewalLate is how long before its end a certificate that should have renewed itself is warned of.
const RenewalLate = 14 * day
