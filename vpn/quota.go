package vpn

import "fmt"

// Quotas of an endpoint. They are ten times the defaults of the guide, "Client VPN quotas", which calls them
// "adjustable"; the time that the kernel needs for new rules bounds them.
const (
	MaxRules  = 500
	MaxRoutes = 100
	MaxGroups = 200 // groups of one user (guide, "Client VPN quotas")
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
