package vpn

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Probe is one test of whether a host of a target network answers: what was sent, and what came back.
type Probe struct {
	Subnet    SubnetID      `json:"subnet"`
	Kind      ProbeKind     `json:"kind"`
	Address   netip.Addr    `json:"address"`
	Port      uint16        `json:"port,omitempty"` // of ProbeTCP
	Outcome   ProbeOutcome  `json:"outcome"`
	From      netip.Addr    `json:"from,omitzero"`   // the router that said ProbeUnreachable; invalid: this host itself
	RoundTrip time.Duration `json:"round_trip"`      // of the first answer
	Source    netip.Addr    `json:"source,omitzero"` // the address that it was sent from; invalid: the one that the host chose
	Way       WayOut        `json:"way"`             // by which it was sent
	At        time.Time     `json:"at"`              // the zero time: there was no test
	By        string        `json:"by"`              // the account that asked for it
}

// ProbeKind is what a probe sends.
type ProbeKind string

// The kinds of probes.
const (
	ProbeICMP ProbeKind = "icmp" // echo requests, by the dataplane
	ProbeTCP  ProbeKind = "tcp"  // a connection that is closed at once, by web
)

// ProbeOutcome is what came back.
type ProbeOutcome string

// The outcomes.
const (
	ProbeAnswered    ProbeOutcome = "answered"
	ProbeRefused     ProbeOutcome = "refused"     // the host answers, and the port is closed
	ProbeUnreachable ProbeOutcome = "unreachable" // a router, or this host, says so
	ProbeSilent      ProbeOutcome = "silent"
)

// ProbeTime is how long a probe waits for an answer.
const ProbeTime = 3 * time.Second

// Reached tells whether the address answered. A closed port is an answer too.
func (p Probe) Reached() bool { return p.Outcome == ProbeAnswered || p.Outcome == ProbeRefused }

// Proves tells whether the probe shows that a way leads to the subnet: it was answered by the same next hop.
func (p Probe) Proves(w Way) bool {
	return p.Reached() && w.Subnet.Contains(p.Address) && p.Way.Interface == w.Interface && p.Way.Gateway == w.Gateway
}

// Target is what was tested: "10.0.1.10" or "port 443 of 10.0.1.10".
func (p Probe) Target() string {
	if p.Kind == ProbeTCP {
		return fmt.Sprintf("port %d of %s", p.Port, p.Address)
	}
	return p.Address.String()
}

// Sentence says what came back.
func (p Probe) Sentence() string {
	took := strconv.FormatFloat(float64(p.RoundTrip.Microseconds())/1000, 'f', 1, 64) + " ms"
	switch p.Outcome {
	case ProbeAnswered:
		if p.Kind == ProbeTCP {
			return fmt.Sprintf("%s answers: port %d is open (%s).", p.Address, p.Port, took)
		}
		return fmt.Sprintf("%s answers to ICMP echo (%s).", p.Address, took)
	case ProbeRefused:
		return fmt.Sprintf("%s answers: port %d is closed (%s).", p.Address, p.Port, took)
	case ProbeUnreachable:
		if p.From.IsValid() {
			return fmt.Sprintf("%s says that %s cannot be reached.", p.From, p.Address)
		}
		return fmt.Sprintf("This host finds no way to %s, or no host with this address on %s.", p.Address, p.Way.Interface)
	case ProbeSilent:
	}
	if p.Kind == ProbeTCP {
		return fmt.Sprintf("No answer from port %d of %s within %d seconds.", p.Port, p.Address, int(ProbeTime.Seconds()))
	}
	return fmt.Sprintf("No answer from %s to ICMP echo within %d seconds.", p.Address, int(ProbeTime.Seconds()))
}

// Advice says what may be the reason that no answer came; "" after one.
func (p Probe) Advice() string {
	switch {
	case p.Reached():
		return ""
	case p.Source.IsValid():
		return fmt.Sprintf("It was sent from %s, an address of the client CIDR, because source NAT is off: the routers of the network need a route for the client CIDR that leads to this host.", p.Source)
	case p.Kind == ProbeICMP && p.Outcome == ProbeSilent:
		return "Many hosts and firewalls drop ICMP echo: test a TCP port that is open there."
	default:
		return "Check that the host is switched on, that the CIDR is right, and the firewalls on the way."
	}
}

// ProbeSpec is a test as typed.
type ProbeSpec struct {
	Kind    string
	Address string
	Port    string // of ProbeTCP
}

// ProbeRequest asks the dataplane for the way to one address of a target network, and to send it ICMP echo requests. It
// sends nothing to any other address.
type ProbeRequest struct {
	Endpoint    EndpointID    `json:"endpoint"`
	Association AssociationID `json:"association"`
	Address     netip.Addr    `json:"address"`
	Echo        bool          `json:"echo,omitempty"` // false: only the way is asked for
}

// ProbeAnswer is what the dataplane found.
type ProbeAnswer struct {
	Way WayOut `json:"way"` // to the address
	// Source is the address that packets of clients seem to come from where that is none of the host's own on that side; a
	// probe is sent from it. Invalid: the one that the host chooses.
	Source    netip.Addr    `json:"source,omitzero"`
	Outcome   ProbeOutcome  `json:"outcome,omitempty"` // empty where Echo was false
	From      netip.Addr    `json:"from,omitzero"`
	RoundTrip time.Duration `json:"round_trip,omitempty"`
}

// Validate is the dataplane's check of a message.
func (r ProbeRequest) Validate() error {
	if !r.Endpoint.Valid() || !r.Association.Valid() || !r.Address.Is4() {
		return Refuse(Invalid, CodeInvalidParameterValue, "The message names no endpoint, association and IPv4 address.")
	}
	return nil
}

// Probe checks a test of the association's target network. Fields: kind, address, port.
func (a Association) Probe(s ProbeSpec) (Probe, error) {
	var c Check
	p := Probe{Subnet: a.Subnet, Kind: ProbeKind(s.Kind)}
	addr, err := netip.ParseAddr(strings.TrimSpace(s.Address))
	switch {
	case strings.TrimSpace(s.Address) == "":
		c.Bad("address", "Enter an address to test.")
	case err != nil || !addr.Is4():
		c.Bad("address", "Enter an IPv4 address, for example "+FirstHost(a.CIDR).String()+".")
	default:
		p.Address = addr
		if fault := probeAddressFault(a.CIDR, addr); fault != "" {
			c.Bad("address", fault)
		}
	}
	switch p.Kind {
	case ProbeICMP:
	case ProbeTCP:
		n, err := strconv.ParseUint(strings.TrimSpace(s.Port), 10, 16)
		if err != nil || n == 0 {
			c.Bad("port", "Enter a port number from 1 to 65535.")
		}
		p.Port = uint16(n)
	default:
		c.Bad("kind", "Choose how to test.")
	}
	return p, c.Err()
}

// probeAddressFault says why an address is no host of a subnet, or "".
func probeAddressFault(subnet netip.Prefix, addr netip.Addr) string {
	switch {
	case !subnet.Contains(addr):
		return fmt.Sprintf("%s is not in %s, the CIDR of the target network.", addr, subnet)
	case !subnet.IsSingleIP() && subnet.Bits() < 31 && (addr == subnet.Masked().Addr() || addr == LastAddr(subnet)):
		return fmt.Sprintf("%s is the first or the last address of %s, which no host has.", addr, subnet)
	}
	return ""
}

// Holds tells whether a host of the subnet can have the address.
func (r ProbeRequest) Holds(subnet netip.Prefix) bool {
	return probeAddressFault(subnet, r.Address) == ""
}

// FirstHost is the first address of a subnet that a host can have; it is often the router's.
func FirstHost(subnet netip.Prefix) netip.Addr {
	if subnet.Bits() >= 31 {
		return subnet.Masked().Addr()
	}
	return subnet.Masked().Addr().Next()
}
