package vpn

import "time"

// expirySteps are how many days before the end of something people are warned of it, the last one first.
var expirySteps = []int{1, 7, 14, 30}

// NoExpiry is the stage of what does not end within ExpiryWarning.
const NoExpiry = -1

// ExpiryStage is the warning that is due about something that ends: 30, 14, 7 or 1 whole days before, 0 after it, or NoExpiry.
func ExpiryStage(end, now time.Time) int {
	left := end.Sub(now)
	switch {
	case left <= 0:
		return 0
	case left > ExpiryWarning:
		return NoExpiry
	}
	for _, days := range expirySteps {
		if int(left/day) <= days {
			return days
		}
	}
	return NoExpiry
}

// ExpiryStepWithin tells whether a stage before an end was reached within the last turn of a caller, and which.
func ExpiryStepWithin(turn time.Duration, end, now time.Time) (days int, reached bool) {
	days = ExpiryStage(end, now)
	return days, days > 0 && days != ExpiryStage(end, now.Add(-turn))
}
