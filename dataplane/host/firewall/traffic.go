package firewall

import (
	"fmt"
	"net"
	"net/netip"

	"sallyport/dataplane/host"
	"sallyport/vpn"
)

// Traffic describes the packets of this program that other firewalls on the host must let pass.
type Traffic struct {
	Table     string // the name of our own table; it and those that begin with it and "-" are not evaluated
	Endpoints []Endpoint

	interfaces map[netip.Addr]string // the interface of each address of this host
}

// Endpoint is the part of an endpoint that has workers.
type Endpoint struct {
	ID        vpn.EndpointID
	Clients   netip.Prefix
	Devices   []string     // its tun devices
	Egress    []string     // the interfaces of the networks that its clients reach
	Addresses []netip.Addr // the addresses that clients connect to
	Transport vpn.Transport
	Ports     []uint16 // of its workers, where packets of clients arrive after address translation
}

// sample is a flow that must pass a hook. all describes every packet that may belong to it; typical
// those of which most flows consist.
type sample struct {
	all, typical packet
	what         string
}

// findInterfaces looks up the interface of each address of this host.
func (t *Traffic) findInterfaces() {
	t.interfaces = map[netip.Addr]string{}
	links, err := net.Interfaces()
	if err != nil {
		return // the typical interface is not known then
	}
	for _, l := range links {
		addrs, err := l.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				t.interfaces[p.Addr().Unmap()] = l.Name
			}
		}
	}
}

// samples returns the flows of an endpoint that must pass a hook.
func (t Traffic) samples(e Endpoint, hook string) []sample {
	var out []sample
	switch hook {
	case "forward":
		clients := []netip.Prefix{e.Clients}
		for _, d := range e.Devices {
			for _, to := range e.Egress {
				there := newPacket("new", "original", clients, unicast)
				there[keyIn], there[keyOut], there[keyStatus] = exactly(d), exactly(to), exactly("none")
				back := newPacket("established", "reply", unicast, clients)
				back[keyIn], back[keyOut], back[keyStatus] = exactly(to), exactly(d), value{never: []string{"dnat"}}
				out = append(out, sample{there, there, "packets from VPN clients to " + to}, sample{back, back, "replies from " + to + " to VPN clients"})
			}
		}
	case "input":
		for _, state := range []string{"new", "established"} {
			out = append(out, t.outer(e, func(addr netip.Addr, outside value, port string) (packet, string) {
				p := newPacket(state, "original", unicast, []netip.Prefix{netip.PrefixFrom(addr, addr.BitLen())})
				p[keyIn], p[keyOut], p[keyType], p[keyPort] = outside, exactly(""), exactly("local"), exactly(port)
				return p, "packets of VPN clients to this host"
			})...)
		}
	case "output":
		out = t.outer(e, func(addr netip.Addr, outside value, port string) (packet, string) {
			p := newPacket("established", "reply", []netip.Prefix{netip.PrefixFrom(addr, addr.BitLen())}, unicast)
			p[keyIn], p[keyOut], p[keySourceType], p[keyFrom] = exactly(""), outside, exactly("local"), exactly(port)
			return p, "this host's packets to VPN clients"
		})
	}
	return out
}

// outer returns a sample of the tunnel's own packets for each address and port.
func (t Traffic) outer(e Endpoint, of func(addr netip.Addr, outside value, port string) (packet, string)) []sample {
	var out []sample
	anywhere := value{never: []string{"lo", host.DevicePrefix + "*"}}
	for _, addr := range e.Addresses {
		nearest := anywhere
		if name := t.interfaces[addr]; name != "" {
			nearest = exactly(name)
		}
		for _, port := range e.Ports {
			all, what := of(addr, anywhere, fmt.Sprint(port))
			typical, _ := of(addr, nearest, fmt.Sprint(port))
			for _, p := range []packet{all, typical} {
				p[keyProtocol], p[keyStatus] = exactly(string(e.Transport)), value{is: []string{"dnat"}}
			}
			out = append(out, sample{all, typical, what})
		}
	}
	return out
}

// newPacket describes IPv4 packets of a flow between hosts.
func newPacket(state, direction string, from, to []netip.Prefix) packet {
	return packet{
		keyFamily: exactly("ipv4"), keyState: exactly(state), keyDirection: exactly(direction),
		keySource: {in: from}, keyDestination: {in: to}, keyType: exactly("unicast"), keySourceType: exactly("unicast"),
		keyReturnPath: exactly("true"), keyPacketType: {is: []string{"unicast", "host"}}, keyFragment: exactly("0"),
		keyProtocol: {}, keyPort: {}, keyFrom: {}, keyPart: {},
	}
}
