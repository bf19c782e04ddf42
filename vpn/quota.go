package vpn

import (
	"fmt"
	"strings"
)

// Quotas limit how much there may be of something. Those who have more than a quota that was lowered keep
// what they have.
type Quotas struct {
	Endpoints         int
	Rules             int // of an endpoint
	Routes            int // of an endpoint, without the automatic ones
	PendingChanges    int // of an endpoint
	RevocationEntries int // of a certificate revocation list
	Connections       int // of an endpoint; 0: by the number of its associations
}

// DefaultQuotas are those of the guide, "Client VPN quotas".
var DefaultQuotas = Quotas{Endpoints: 5, Rules: 50, Routes: 10, PendingChanges: 10, RevocationEntries: 20000}

// The highest values that quotas can be set to. The time that the kernel needs for new rules bounds those of rules and
// routes; the dataplane refuses more.
const (
	MaxEndpoints         = 1000
	MaxRules             = 500
	MaxRoutes            = 100
	MaxPendingChanges    = 1000
	MaxRevocationEntries = 100000
	MaxConnections       = 126000
	MaxGroups            = 200 // groups of one user; not a setting (guide, "Client VPN quotas")
)

// connectionsByAssociations are the connections that an endpoint may have with one, two … associations (guide,
// "Client VPN quotas").
var connectionsByAssociations = []int{7000, 36500, 66500, 96500, MaxConnections}

// ConnectionLimit is how many connections an endpoint with so many associations may have at once.
func (q Quotas) ConnectionLimit(associations int) int {
	if q.Connections > 0 {
		return q.Connections
	}
	return connectionsByAssociations[max(0, min(associations, len(connectionsByAssociations))-1)]
}

// errConnectionLimit is the refusal of a login at the limit of its endpoint's connections.
func errConnectionLimit(limit int) *Error {
	return Refuse(Conflict, CodeConnectionLimitExceeded, fmt.Sprintf("This VPN endpoint has its limit of %d connections. Ask your administrator.", limit))
}

// Places are the connections of an endpoint, which are bounded by Limit.
type Places struct {
	Held  int // by clients that are there, or are about to be
	Away  int // by clients that are away
	Limit int
}

// Take decides on one more connection: how many connections end for it whose clients are away, the longest
// away first. It is refused where clients that are there have all places.
func (p Places) Take() (end int, refused *Error) {
	if p.Held >= p.Limit {
		return 0, errConnectionLimit(p.Limit)
	}
	return max(0, p.Held+p.Away+1-p.Limit), nil
}

const raiseQuota = "An administrator can raise it on the Settings page."

// CheckEndpoints refuses one more endpoint beside present ones where the quota is reached.
func (q Quotas) CheckEndpoints(present int) error {
	if present < q.Endpoints {
		return nil
	}
	return Refuse(Conflict, CodeEndpointLimitExceeded, fmt.Sprintf("There are already %d Client VPN endpoints, and the quota is %d. %s", present, q.Endpoints, raiseQuota))
}

// checkParts refuses more parts of an endpoint than its quota has room for.
func checkParts(what string, present, more, quota int) error {
	switch {
	case present+more <= quota:
		return nil
	case more > 1 && present < quota:
		return Refuse(Conflict, CodeEndpointLimitExceeded, fmt.Sprintf("The endpoint has %d %s; with %d more it would have %d, and the quota is %d. %s", present, what, more, present+more, quota, raiseQuota))
	default:
		return Refuse(Conflict, CodeEndpointLimitExceeded, fmt.Sprintf("The endpoint already has %d %s, and the quota is %d. %s", present, what, quota, raiseQuota))
	}
}

// CheckPending refuses one more change of the endpoint where too many wait for the dataplane. A submitted form is one
// change, however many parts it has: each raises the generation once.
func (q Quotas) CheckPending(e Endpoint, o Observation) error {
	if e.Generation <= o.Applied || e.Generation-o.Applied < uint64(q.PendingChanges) {
		return nil
	}
	return Refuse(Conflict, CodeTooManyPendingChanges, strings.TrimSpace(fmt.Sprintf(
		"%d changes of this endpoint wait for the dataplane, and the quota is %d. Try again when they are applied. %s", e.Generation-o.Applied, q.PendingChanges, o.Waiting())))
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
