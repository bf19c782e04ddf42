package nft

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"sallyport/dataplane/host"
	"sallyport/vpn"
)

// Ruleset is everything that the table holds except the sessions.
type Ruleset struct {
	Endpoints []Endpoint
	// HostForwarding names the interfaces on which this program enabled forwarding. The host did not
	// forward packets from there before, so packets that belong to no client are dropped.
	HostForwarding []string
	// Workers are the uids that only OpenVPN workers run as. They reply to clients and may open no
	// flow: a compromised worker reaches neither the host's services nor its networks. The zero value
	// means no uid.
	Workers UIDs
	// Mark is the bits of the packet mark that say that a rule let a packet pass; 0 sets none. An
	// OwnedTable drops what lacks its bit. All other bits of a packet's mark stay as they are.
	Mark   uint32
	Limits Limits
}

// UIDs is a range of users, both ends included.
type UIDs struct{ First, Last uint32 }

// Endpoint is what the packet filter needs to know of one endpoint.
type Endpoint struct {
	ID         vpn.EndpointID
	Devices    []string     // the workers' tun devices
	ClientCIDR netip.Prefix // disjoint from every other endpoint's
	Gateway    netip.Addr   // the host's own address inside ClientCIDR; replies echo requests

	// Public are the addresses and the port that clients dial. Each client is redirected to one of
	// Workers, chosen by its address and HashSeed alone, so that neither a reload nor a changed source
	// port moves it to another worker.
	Public    []netip.AddrPort
	Transport vpn.Transport
	Workers   []uint16
	HashSeed  uint32
	// AnyAddress means that the workers are bound to every address of the host: their ports are then
	// closed on all addresses, not only on the public ones.
	AnyAddress bool

	// Egress are the interfaces that client packets may leave by; empty means any. It is set by the
	// host policy.
	Egress         []string
	SourceNAT      bool
	ClientToClient bool // the "local" route: clients may be each other's destination
	Rules          []vpn.DesiredRule
	Associations   []Association
}

// Association is one target network association and the destinations that its clients have a route to.
type Association struct {
	ID     vpn.AssociationID
	Routes []netip.Prefix
}

// Session is one connected client. Addr is its key and belongs to one endpoint only.
type Session struct {
	Addr        netip.Addr
	Device      string // the tun device of its worker
	Endpoint    vpn.EndpointID
	Association vpn.AssociationID // with none, or one that is not in the ruleset, the client reaches nothing
	Groups      []string          // groups that no rule names are ignored
}

// Counters are the accepted packets that one client sent (In) and received (Out) since its session
// was put, and their bytes: those of the IP packets inside the tunnel. A packet that the network card
// or the kernel merged from several TCP segments counts once, as everywhere in nftables.
type Counters struct {
	BytesIn, PacketsIn, BytesOut, PacketsOut uint64
}

// check refuses what cannot be rendered safely: names are written into a text that nft parses. The
// error is a *vpn.Error of kind Invalid.
func (r Ruleset) check() error {
	for _, name := range r.HostForwarding {
		if !validDeviceName(name) {
			return refuseRuleset("%q is not the name of a network interface.", name)
		}
	}
	for i, e := range r.Endpoints {
		if err := e.check(); err != nil {
			return err
		}
		for _, other := range r.Endpoints[:i] {
			switch {
			case other.ID == e.ID:
				return refuseRuleset("The endpoint %s is listed twice.", e.ID)
			case other.ClientCIDR.Overlaps(e.ClientCIDR):
				return refuseRuleset("The client ranges of %s and %s overlap.", other.ID, e.ID)
			}
			for _, d := range e.Devices {
				if slices.Contains(other.Devices, d) {
					return refuseRuleset("The device %s belongs to both %s and %s.", d, other.ID, e.ID)
				}
			}
			for _, p := range e.Public {
				if other.Transport == e.Transport && slices.Contains(other.Public, p) {
					return refuseRuleset("%s and %s both listen on %s.", other.ID, e.ID, p)
				}
			}
		}
	}
	return nil
}

func (e Endpoint) check() error {
	if !e.ID.Valid() {
		return refuseRuleset("%q is not the identifier of an endpoint.", string(e.ID))
	}
	if !isIPv4(e.ClientCIDR) || !e.ClientCIDR.Contains(e.Gateway) {
		return refuseRuleset("The client range %s of %s must be IPv4 and hold the gateway address %s.", e.ClientCIDR, e.ID, e.Gateway)
	}
	for _, d := range slices.Concat(e.Devices, e.Egress) {
		if !validDeviceName(d) {
			return refuseRuleset("%q is not the name of a network interface.", d)
		}
	}
	for _, d := range e.Devices {
		if !strings.HasPrefix(d, host.DevicePrefix) { // rules match devices by this prefix
			return refuseRuleset("%q is not the name of a tunnel device of ours: those begin with %s.", d, host.DevicePrefix)
		}
	}
	if !e.Transport.Valid() {
		return refuseRuleset("%q is not a transport.", string(e.Transport))
	}
	for _, p := range e.Public {
		if !p.Addr().Is4() || p.Addr().IsUnspecified() || p.Port() == 0 {
			return refuseRuleset("%s is not an IPv4 address and port that %s can listen on.", p, e.ID)
		}
	}
	if len(e.Public) > 0 && len(e.Workers) == 0 {
		return refuseRuleset("%s has a public port but no worker behind it.", e.ID)
	}
	for _, r := range e.Rules {
		if !isIPv4(r.Destination) {
			return refuseRuleset("%s is not an IPv4 destination.", r.Destination)
		}
	}
	for i, a := range e.Associations {
		if !a.ID.Valid() || slices.ContainsFunc(e.Associations[:i], func(o Association) bool { return o.ID == a.ID }) {
			return refuseRuleset("%q is not the identifier of an association, or is listed twice.", string(a.ID))
		}
		for _, p := range a.Routes {
			if !isIPv4(p) {
				return refuseRuleset("%s is not an IPv4 route.", p)
			}
		}
	}
	return nil
}

// admits returns an error where the session does not fit this ruleset.
func (r Ruleset) admits(s Session) error {
	i := slices.IndexFunc(r.Endpoints, func(e Endpoint) bool { return e.ID == s.Endpoint })
	if i < 0 {
		return refuseRuleset("There are no packet filter rules for the endpoint %s yet.", s.Endpoint)
	}
	e := r.Endpoints[i]
	if !e.ClientCIDR.Contains(s.Addr) || s.Addr == e.Gateway {
		return refuseRuleset("%s is not an address for a client of %s.", s.Addr, s.Endpoint)
	}
	if !slices.Contains(e.Devices, s.Device) {
		return refuseRuleset("%s is not a device of %s.", s.Device, s.Endpoint)
	}
	return nil
}

func isIPv4(p netip.Prefix) bool { return p.IsValid() && p.Addr().Is4() && p == p.Masked() }

// validDeviceName allows only names that both the kernel and an nft string literal take unchanged.
func validDeviceName(s string) bool {
	if len(s) == 0 || len(s) > 15 {
		return false
	}
	for _, c := range s {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == '@', c == ':':
		default:
			return false
		}
	}
	return true
}

func refuseRuleset(format string, args ...any) error {
	return vpn.Refuse(vpn.Invalid, vpn.CodeInvalidRuleset, fmt.Sprintf(format, args...))
}
