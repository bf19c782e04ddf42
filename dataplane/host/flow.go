package host

import (
	"errors"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// ForgetFlows deletes every connection tracking entry that a client's address opened, or that
// was opened to it. It must run before an address is given to somebody else, who would receive
// the last holder's streams. It walks the host's whole table once: give all addresses at once.
func ForgetFlows(clients ...netip.Addr) error {
	if len(clients) == 0 {
		return nil
	}
	wanted := flowsOf{}
	for _, a := range clients {
		wanted[a] = true
	}
	var err error
	for range 3 {
		_, err = netlink.ConntrackDeleteFilters(netlink.ConntrackTable, unix.AF_INET, wanted)
		// A table that changes while it is read is read again: an entry may have been missed.
		if !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	if err != nil {
		return Unavailable(err, "The connection tracking entries of a client that left cannot be deleted, so its address is not given out again.")
	}
	return nil
}

type flowsOf map[netip.Addr]bool

// MatchConntrackFlow is asked by netlink for each entry.
func (f flowsOf) MatchConntrackFlow(flow *netlink.ConntrackFlow) bool {
	src, _ := netip.AddrFromSlice(flow.Forward.SrcIP)
	dst, _ := netip.AddrFromSlice(flow.Forward.DstIP)
	return f[src.Unmap()] || f[dst.Unmap()]
}
