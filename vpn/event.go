package vpn

import (
	"net/netip"
	"time"
)

// Event is something that happened at a node's dataplane. Numbers only grow within an epoch, and a
// new process may leave a gap; an epoch begins when the node's event log does. Events are replayed
// until they are acknowledged, so a reader must treat a repeated one as already known. A waiting
// login is no event: it has a stream of its own and is written to no file.
type Event struct {
	Epoch string    `json:"epoch"`
	Seq   uint64    `json:"seq"`
	At    time.Time `json:"at"`
	// Exactly one of these is set.
	Refused     *RefusedAttempt `json:"refused,omitempty"`
	Established *Established    `json:"established,omitempty"`
	Away        *Away           `json:"away,omitempty"`
	Ended       *Ended          `json:"ended,omitempty"`
}

// Connection is the connection that the event is about; empty for an attempt that was refused.
func (e Event) Connection() ConnectionID {
	switch {
	case e.Established != nil:
		return e.Established.Connection
	case e.Away != nil:
		return e.Away.Connection
	case e.Ended != nil:
		return e.Ended.Connection
	}
	return ""
}

// RefusedAttempt is a client that was not let in: its certificate did not verify, its login was refused, or
// its tunnel never came up.
type RefusedAttempt struct {
	Endpoint   EndpointID     `json:"endpoint"`
	Device     netip.AddrPort `json:"device"`
	CommonName string         `json:"common_name,omitempty"`
	Username   string         `json:"username,omitempty"` // as typed
	Code       Code           `json:"code,omitempty"`     // one of LoginCodes; empty in reports of earlier versions
	Reason     string         `json:"reason"`
	Reference  string         `json:"reference,omitempty"` // of the last attempt, which its client was told; empty where it was told none
	Count      int            `json:"count,omitempty"`     // how many attempts this is; 0 is one
	// Unauthenticated tells that the packet was not made with the endpoint's key: any host can send it,
	// with a forged address.
	Unauthenticated bool `json:"unauthenticated,omitempty"`
	// User is who was refused, as far as web knows: proved, or the known user whose name was typed. The zero value: not known.
	User UserRef `json:"-"`
	// Portal tells that the sign-in was at the self-service portal: Device has no port.
	Portal bool `json:"-"`
}

// Source names the client of an attempt in the list: attempts of one source with one common name, one
// user name and one reason are one line. Those without the endpoint's key are one source, since their addresses may be
// forged. Any host reaches the self-service portal, and one may have a whole network of IPv6 addresses: the network is its source.
func (a RefusedAttempt) Source() string {
	if a.Unauthenticated {
		return ""
	}
	if addr := a.Device.Addr().Unmap(); !a.Portal || addr.Is4() || !addr.IsValid() {
		return addr.String()
	}
	return netip.PrefixFrom(a.Device.Addr().WithZone(""), 64).Masked().String()
}

// Attempt is the refused attempts of one client for one reason; RefusedAttempt is the last of them, with
// the number of all.
type Attempt struct {
	Number int64 // names it in the list
	RefusedAttempt
	First time.Time
	At    time.Time // of the last
}

// Established says that a granted login became a connection, that a client that was away has returned,
// or that a client has another device address or association.
type Established struct {
	Connection  ConnectionID   `json:"connection"`
	Endpoint    EndpointID     `json:"endpoint"`
	Association AssociationID  `json:"association"`
	ClientIP    netip.Addr     `json:"client_ip"`
	Device      netip.AddrPort `json:"device"`
}

// Away says that the client of a connection is out of reach: the connection carries nothing and is kept for its return.
type Away struct {
	Connection ConnectionID `json:"connection"`
	Endpoint   EndpointID   `json:"endpoint"`
	Counters   Counters     `json:"counters"`
}

// Ended says that a connection is over; its counters are final.
type Ended struct {
	Connection ConnectionID `json:"connection"`
	Endpoint   EndpointID   `json:"endpoint"`
	Code       Code         `json:"code,omitempty"` // why a granted login became no connection; otherwise empty
	Reason     string       `json:"reason"`
	Counters   Counters     `json:"counters"`
}

// NodeStatus is what a dataplane reports about itself and about every endpoint that it realizes.
type NodeStatus struct {
	Instance  string    `json:"instance"` // new with every start of the process
	Version   string    `json:"version"`
	OpenVPN   string    `json:"openvpn"` // version of the OpenVPN that runs
	StartedAt time.Time `json:"started_at"`
	Faults    []Fault   `json:"faults"`  // of the host itself
	Repairs   []Fault   `json:"repairs"` // what another program had changed and the dataplane repaired, newest first
	// Guarded are interfaces on which the dataplane switched forwarding on for VPN clients: other packets
	// that come in there are not forwarded.
	Guarded   []string         `json:"guarded,omitempty"`
	Endpoints []EndpointStatus `json:"endpoints"`
}

// EndpointStatus is what a dataplane reports of one endpoint.
type EndpointStatus struct {
	Endpoint    EndpointID `json:"endpoint"`
	Applied     uint64     `json:"applied"`
	Faults      []Fault    `json:"faults"`
	Connections int        `json:"connections"`
	Ways        []Way      `json:"ways,omitempty"` // to the target networks; an older dataplane reports none
}
