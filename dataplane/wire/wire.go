// Package wire defines the messages between the web process and the dataplane on their Unix socket:
// HTTP paths, and JSON of the types of package vpn. Both sides import it and no other package of
// each other.
package wire

import (
	"net/http"
	"net/netip"

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
	LoginsGone  = "gone" // in the query of Logins: the stream shall have what Login.Gone and Login.All say
	Decide      = "POST /v1/logins/decide"
	Pend        = "POST /v1/logins/pend"
	Terminate   = "POST /v1/connections/terminate"
	Connections = "GET /v1/connections"
	Identify    = "PUT /v1/identities"
	Host        = "GET /v1/host"
	CheckPlace  = "POST /v1/host/check"
	Probe       = "POST /v1/probe"
	WayOut      = "POST /v1/host/way"
	WaysTo      = "POST /v1/host/ways"
)

// MaxMessage is the size limit of a request's body in bytes: a desired state with 500 rules and long
// group names fits.
const MaxMessage = 4 << 20

// MaxObjects is the limit of JSON objects in a request. An empty object of three bytes takes
// hundreds in memory.
const MaxObjects = 40_000

// HeartbeatSeconds is how often an idle stream sends an empty line.
const HeartbeatSeconds = 5

// Login is a waiting login on its stream. Of all texts of the program it alone has the password and the answer.
type Login struct {
	vpn.LoginRequest
	Password string `json:"password,omitempty"`
	Answer   string `json:"answer,omitempty"`
	Gone     bool   `json:"gone,omitempty"` // vpn.LoginNews; sent where LoginsGone was asked for
	All      bool   `json:"all,omitempty"`  // likewise
}

// NewLogin makes the message about a login.
func NewLogin(n vpn.LoginNews) Login {
	return Login{n.LoginRequest, n.Password.Reveal(), n.Answer.Reveal(), n.Gone, n.All}
}

// News is what the message says.
func (l Login) News() vpn.LoginNews {
	l.LoginRequest.Password, l.LoginRequest.Answer = vpn.Secret(l.Password), vpn.Secret(l.Answer)
	return vpn.LoginNews{LoginRequest: l.LoginRequest, Gone: l.Gone, All: l.All}
}

// Cursor names the last event that the web process has stored.
type Cursor struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// Termination requests that connections be ended. Reason is shown to their users.
type Termination struct {
	Connections []vpn.ConnectionID `json:"connections"`
	Reason      string             `json:"reason"`
}

// Destination asks for the way to an address.
type Destination struct {
	Address netip.Addr `json:"address"`
}

// Subnets asks for the ways to subnets.
type Subnets struct {
	Subnets []netip.Prefix `json:"subnets"`
}

// Error is the body of every reply whose status is not 200.
type Error struct {
	Kind   string            `json:"kind"`
	Code   vpn.Code          `json:"code"`
	Msg    string            `json:"msg"`
	Fields map[string]string `json:"fields,omitempty"`
}

// statuses maps the kinds of errors to HTTP statuses, for both directions.
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
