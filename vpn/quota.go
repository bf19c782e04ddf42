package vpn

import "fmt"

// Quotas of an endpoint (guide line 2629). They are ten times the guide's defaults, which are
// "adjustable" there; what bounds them here is the time that a rebuild of the kernel's rules takes.
const (
	MaxRules  = 500
	MaxRoutes = 100
	MaxGroups = 200 // groups of one user (guide line 2660)
)

func overQuota(what string, limit int) *Error {
	return Refuse(Conflict, CodeEndpointLimitExceeded, fmt.Sprintf("The endpoint already has %d %s, which is the limit.", limit, what))
}

func countLive[T any](all []T, removed func(T) uint64) int {
	n := 0
	for _, x := range all {
		if removed(x) == 0 {
			n++
		}
	}
	return n
}
