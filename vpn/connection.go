package vpn

import (
	"net/netip"
	"time"
)

// Connection is one stay of a client under a VPN session (guide, "Client connections"). It ends when the
// client leaves, is out of reach for too long, is terminated or reaches the session timeout, and stays listed.
type Connection struct {
	ID            ConnectionID
	Endpoint      EndpointID
	Association   AssociationID
	Session       SessionID
	Node          string
	Status        ConnectionStatus
	Username      string     // what lists call the user; the common name where the certificate is all that a login needs
	Provider      ProviderID // as Identity has it, like the next
	UserKey       string
	CommonName    string
	Serial        string              // decimal serial number of the client's certificate
	Fingerprint   string              // SHA-256 of that certificate, as BareFingerprint; empty where it was not recorded yet
	Issuer        string              // SHA-256 of its issuer's certificate, likewise
	IssuerKey     string              // KeyDigest of its issuer; empty where it is not known
	IssuerID      string              // as CertificateNumber has it
	Above         []CertificateNumber // the authorities below the root that the certificate was verified with
	ClientIP      netip.Addr
	Device        netip.AddrPort // where the client's packets come from
	Platform      string         // as the client says: "linux", "win", "mac", "ios", "android"
	ClientVersion string         // as the client says
	EstablishedAt time.Time
	AwaySince     time.Time // zero unless the client is out of reach
	EndedAt       time.Time // zero before the end
	EndReason     string
	Counters      Counters
	CountedAt     time.Time
}

// Counters are what one client sent ("in") and was sent ("out") through the tunnel, as the
// kernel counted it after the verdict.
type Counters struct {
	BytesIn    uint64 `json:"bytes_in"`
	PacketsIn  uint64 `json:"packets_in"`
	BytesOut   uint64 `json:"bytes_out"`
	PacketsOut uint64 `json:"packets_out"`
}

// ConnectionStatus is where a connection is in its life.
type ConnectionStatus string

// The connection states. Connecting is ours and never listed: a login was granted, and the
// client has yet to set its tunnel up. Away is ours too: the client is out of reach, and its address
// and connection are kept for a while.
const (
	ConnectionConnecting        ConnectionStatus = "connecting"
	ConnectionActive            ConnectionStatus = "active"
	ConnectionAway              ConnectionStatus = "away"
	ConnectionTerminating       ConnectionStatus = "terminating"
	ConnectionTerminated        ConnectionStatus = "terminated"
	ConnectionFailedToTerminate ConnectionStatus = "failed-to-terminate"
)

// The views of the list of connections, by the name "view" in List.Filter.
const (
	ViewActive = "active" // those that have not ended
	ViewEnded  = "ended"
)

// Live reports whether the connection may carry traffic.
func (c Connection) Live() bool {
	return c.Status == ConnectionActive || c.Status == ConnectionTerminating || c.Status == ConnectionFailedToTerminate
}

// CanTerminate reports whether the connection can be terminated: it is live or away, and not terminating.
func (c Connection) CanTerminate() bool {
	return c.Status == ConnectionActive || c.Status == ConnectionAway || c.Status == ConnectionFailedToTerminate
}

// LiveConnection is what a dataplane knows of a connection at this moment.
type LiveConnection struct {
	ID          ConnectionID   `json:"id"`
	Endpoint    EndpointID     `json:"endpoint"`
	Association AssociationID  `json:"association"`
	Session     SessionID      `json:"session"`
	ClientIP    netip.Addr     `json:"client_ip"`
	Device      netip.AddrPort `json:"device"`
	Counters    Counters       `json:"counters"`
	CountedAt   time.Time      `json:"counted_at"`
	Revision    uint64         `json:"revision,omitempty"` // of the user's Identity that is in force
}

// Max is the larger of two counts of one connection, which only grow.
func (c Counters) Max(d Counters) Counters {
	return Counters{
		BytesIn: max(c.BytesIn, d.BytesIn), PacketsIn: max(c.PacketsIn, d.PacketsIn),
		BytesOut: max(c.BytesOut, d.BytesOut), PacketsOut: max(c.PacketsOut, d.PacketsOut),
	}
}

// Plus adds two counts.
func (c Counters) Plus(d Counters) Counters {
	return Counters{
		BytesIn: c.BytesIn + d.BytesIn, PacketsIn: c.PacketsIn + d.PacketsIn,
		BytesOut: c.BytesOut + d.BytesOut, PacketsOut: c.PacketsOut + d.PacketsOut,
	}
}
