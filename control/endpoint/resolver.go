package endpoint

import (
	"context"
	"net"
	"net/netip"
	"slices"
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

// OwnAddress returns the host's IPv4 address from which packets leave by its default route: hosts elsewhere reach it there, if at all.
// Without a default route it is the first that is neither loopback nor link-local; the zero Addr where there is none.
func (r SystemResolver) OwnAddress() netip.Addr {
	addrs, err := r.HostAddresses()
	if err != nil {
		return netip.Addr{}
	}
	return chooseOwnAddress(sourceOutside(), addrs)
}

// chooseOwnAddress is OwnAddress of a host with these addresses; source is that of packets to the internet, where there is a way.
func chooseOwnAddress(source netip.Addr, addrs []netip.Addr) netip.Addr {
	usable := func(a netip.Addr) bool { return a.Is4() && !a.IsLoopback() && !a.IsLinkLocalUnicast() }
	if usable(source) && slices.Contains(addrs, source) {
		return source
	}
	if i := slices.IndexFunc(addrs, usable); i >= 0 {
		return addrs[i]
	}
	return netip.Addr{}
}

// outside is an address of the internet, to which a host has no route of its own.
const outside = "1.1.1.1:9"

// sourceOutside is the address from which packets to the internet leave. A UDP socket that is connected sends none.
func sourceOutside() netip.Addr {
	c, err := net.Dial("udp4", outside) //nolint:noctx // to an address by UDP, which waits for nothing
	if err != nil {
		return netip.Addr{} // there is no way
	}
	defer c.Close()
	source, _ := c.LocalAddr().(*net.UDPAddr)
	return source.AddrPort().Addr().Unmap()
}
