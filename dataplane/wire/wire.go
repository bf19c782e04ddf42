// Package wire is what web and the dataplane say to each other over their Unix socket: HTTP
// paths, and JSON of the types of package vpn. Both sides import it and nothing else of each
// other's.
package wire

import (
	"net/http"

	"sallyport/vpn"
)

// The requests. Desired states are PUT whole. Events and waiting logins are streams of JSON lines,
// with an empty line every HeartbeatSeconds so that a broken connection is noticed. A waiting login
// is sent once per connection: a client that connects again is sent those that still wait.
const (
	Status      = "GET /v1/status"
	Apply       = "PUT /v1/endpoints/{id}"
	Forget      = "DELETE /v1/endpoints/{id}"
	Events      = "GET /v1/events"
	Acknowledge = "POST /v1/events/acknowledge"
	Logins      = "GET /v1/logins"
	Decide      = "POST /v1/logins/decide"
	Terminate   = "POST /v1/connections/terminate"
	Connections = "GET /v1/connections"
)

// MaxMessage bounds a request's body: a desired state with 500 rules of long groups fits.
const MaxMessage = 4 << 20

// HeartbeatSeconds is how often an idle stream sends an empty line.
const HeartbeatSeconds = 5

// Cursor names the last event that was taken over.
type Cursor struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// Termination asks for connections to be ended; Reason is what their users are told.
type Termination struct {
	Connections []vpn.ConnectionID `json:"connections"`
	Reason      string             `json:"reason"`
}

// Error is a refusal.
type Error struct {
	Kind   string            `json:"kind"`
	Code   vpn.Code          `json:"code"`
	Msg    string            `json:"msg"`
	Fields map[string]string `json:"fields,omitempty"`
}

// statuses pairs the domain's kinds with statuses, for both directions.
var statuses = map[vpn.Kind]int{
	vpn.Invalid: http.StatusUnprocessableEntity, vpn.NotFound: http.StatusNotFound, vpn.Conflict: http.StatusConflict,
	vpn.Stale: http.StatusPreconditionFailed, vpn.Denied: http.StatusForbidden,
	vpn.Unavailable: http.StatusServiceUnavailable, vpn.Throttled: http.StatusTooManyRequests,
}

// StatusOf is the status of a kind; 500 for an error of ours.
func StatusOf(k vpn.Kind) int {
	if s, ok := statuses[k]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// KindOf is the kind of a status.
func KindOf(status int) vpn.Kind {
	for k, s := range statuses {
		if s == status {
			return k
		}
	}
	return vpn.Internal
}
