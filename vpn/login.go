package vpn

import (
	"net/netip"
	"time"
)

// LoginRequest is what a dataplane asks when a client has proved its certificate and waits to
// be let in. It is answered with a LoginDecision; no answer in time means deny.
type LoginRequest struct {
	ID          string         `json:"id"` // names the waiting client at its node; opaque
	Endpoint    EndpointID     `json:"endpoint"`
	Device      netip.AddrPort `json:"device"`
	CommonName  string         `json:"common_name"`
	Serial      string         `json:"serial"`      // of the client certificate, decimal
	Fingerprint string         `json:"fingerprint"` // SHA-256 of it, hex
	Platform    string         `json:"platform"`    // client-controlled: shown, never decided upon
	Version     string         `json:"version"`     // likewise
	Deadline    time.Time      `json:"deadline"`    // after which an answer is of no use
}

// LoginDecision lets a waiting client in or turns it away.
type LoginDecision struct {
	ID    string `json:"id"`
	Allow bool   `json:"allow"`
	// Where allowed:
	Connection  ConnectionID  `json:"connection,omitempty"`
	Session     SessionID     `json:"session,omitempty"`
	User        Identity      `json:"user"`
	Association AssociationID `json:"association,omitempty"` // empty lets the node choose
	Ends        time.Time     `json:"ends"`                  // when the session reaches its maximum duration
	// Where not:
	Reason string `json:"reason,omitempty"` // what the client shows its user
}

// DecideLogin is the rule for mutual authentication: the endpoint takes connections and the
// client's certificate, which OpenVPN has verified against the endpoint's authority, is not one
// that we know to be withdrawn. The sentence says why not.
func DecideLogin(e Endpoint, state EndpointState, r LoginRequest) (refusal string) {
	switch {
	case e.Deleting || state == EndpointDeleting:
		return "This VPN endpoint is being deleted."
	case state != EndpointAvailable:
		return "This VPN endpoint has no target network yet. Ask your administrator."
	default:
		return commonNameFault(r.CommonName)
	}
}

// Identity is who a VPN user is, as an identity source or a certificate proved it.
type Identity struct {
	Name   string   // what lists call the user: the certificate's common name, a user name, an e-mail address
	Groups []string // at most 200 are kept (guide, "Client VPN quotas")
}
