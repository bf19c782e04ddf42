package endpoint

import (
	"context"
	"net"
	"net/netip"
)

// SystemResolver is the Resolver of this host: the system's name servers and the addresses of its interfaces.
type SystemResolver struct{}

// Lookup returns the IPv4 addresses of a name.
func (SystemResolver) Lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip4", name)
}

// HostAddresses returns the addresses of the host's interfaces.
func (SystemResolver) HostAddresses() ([]netip.Addr, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var out []netip.Addr
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				out = append(out, ip.Unmap())
			}
		}
	}
	return out, nil
}

// OwnAddress returns the host's first IPv4 address that is neither loopback nor link-local; the zero Addr where there
// is none.
func (r SystemResolver) OwnAddress() netip.Addr {
	addrs, err := r.HostAddresses()
	if err != nil {
		return netip.Addr{}
	}
	for _, a := range addrs {
		if a.Is4() && !a.IsLoopback() && !a.IsLinkLocalUnicast() {
			return a
		}
	}
	return netip.Addr{}
}
