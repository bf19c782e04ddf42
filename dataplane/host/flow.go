package host

import (
	"errors"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// ForgetFlows deletes every connection tracking entry that was opened from or to one of the clients'
// addresses. It must be called before an address is given to another client, which would otherwise
// receive the streams of the last one. Each call reads the host's whole table, so call it once for
// all addresses.
func ForgetFlows(clients ...netip.Addr) error {
	if len(clients) == 0 {
		return nil
	}
	wanted := flowFilter{}
	for _, a := range clients {
		wanted[a] = true
	}
	var err error
	for range 3 {
		_, err = netlink.ConntrackDeleteFilters(netlink.ConntrackTable, unix.AF_INET, wanted)
		// If the table changed during the dump, an entry may have been missed: read it again.
		if !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	if err != nil {
		return Unavailable(err, "The connection tracking entries of a disconnected client cannot be deleted, so its address is not given out again.")
	}
	return nil
}

// flowFilter matches the entries of some addresses.
type flowFilter map[netip.Addr]bool

// MatchConntrackFlow reports whether netlink shall delete the entry.
func (f flowFilter) MatchConntrackFlow(flow *netlink.ConntrackFlow) bool {
	src, _ := netip.AddrFromSlice(flow.Forward.SrcIP)
	dst, _ := netip.AddrFromSlice(flow.Forward.DstIP)
	return f[src.Unmap()] || f[dst.Unmap()]
}
