package vpn

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Listen is the (address, transport, port) that an endpoint owns on its host. An unspecified
// address means every address of the host.
type Listen struct {
	Addr      netip.Addr `json:"addr"`
	Transport Transport  `json:"transport"`
	Port      uint16     `json:"port"`
}

// Transport is the protocol that carries an endpoint's tunnels; it cannot be changed later.
type Transport string

// The transports of the guide, "Client VPN endpoints".
const (
	UDP Transport = "udp"
	TCP Transport = "tcp"
)

// Valid reports whether t is UDP or TCP.
func (t Transport) Valid() bool { return t == UDP || t == TCP }

// Overlaps reports whether two listeners would own the same port of a host.
func (l Listen) Overlaps(o Listen) bool {
	if l.Transport != o.Transport || l.Port != o.Port {
		return false
	}
	every := netip.IPv6Unspecified() // takes both families, as the kernel has it unless told otherwise
	return l.Addr == o.Addr || l.Addr == every || o.Addr == every ||
		l.Addr.Is4() == o.Addr.Is4() && (l.Addr.IsUnspecified() || o.Addr.IsUnspecified())
}

// Reservation is a port of the host that another part of the product owns, for example the console.
type Reservation struct {
	Owner  string // as it stands in a sentence: "the console"
	Listen Listen
}

// CheckConflicts checks the endpoint against the others of its node, and against what else listens
// there: ports and client ranges belong to one endpoint each. Fields: port, client_cidr.
func (e Endpoint) CheckConflicts(others []Endpoint, reserved ...Reservation) error {
	var c Check
	for _, r := range reserved {
		if e.Listen.Overlaps(r.Listen) {
			c.Bad("port", fmt.Sprintf("%s port %d belongs to %s, and an endpoint cannot share it; %d is free.",
				strings.ToUpper(string(e.Listen.Transport)), e.Listen.Port, r.Owner, freePort(e.Listen, others, reserved...)))
		}
	}
	for _, o := range others {
		if o.ID == e.ID {
			continue
		}
		if e.Listen.Overlaps(o.Listen) {
			c.Bad("port", fmt.Sprintf("%s port %d belongs to endpoint %s; %d is free.",
				strings.ToUpper(string(e.Listen.Transport)), e.Listen.Port, o.Label(), freePort(e.Listen, others, reserved...)))
		}
		if e.ClientCIDR.Overlaps(o.ClientCIDR) {
			c.Bad("client_cidr", fmt.Sprintf("%s overlaps with %s, the client range of endpoint %s.", e.ClientCIDR, o.ClientCIDR, o.Label()))
		}
	}
	return c.Err()
}

// FreePort proposes a port for a new endpoint on every address of the host.
func FreePort(t Transport, others []Endpoint, reserved ...Reservation) uint16 {
	return freePort(Listen{Addr: netip.IPv4Unspecified(), Transport: t}, others, reserved...)
}

// freePort proposes a free port: one of the guide's two, otherwise the first from 1195.
func freePort(l Listen, others []Endpoint, reserved ...Reservation) uint16 {
	taken := func(p uint16) bool {
		try := l
		try.Port = p
		return slices.ContainsFunc(others, func(o Endpoint) bool { return try.Overlaps(o.Listen) }) ||
			slices.ContainsFunc(reserved, func(r Reservation) bool { return try.Overlaps(r.Listen) })
	}
	for _, p := range []uint16{443, 1194} {
		if !taken(p) {
			return p
		}
	}
	for p := uint16(1195); p < 65535; p++ {
		if !taken(p) {
			return p
		}
	}
	return 0
}
