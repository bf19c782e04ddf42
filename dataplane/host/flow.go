package host

import (
	"errors"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/vpn"
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
	if err := deleteFlows(wanted); err != nil {
		return Unavailable(err, "The connection tracking entries of a disconnected client cannot be deleted, so its address is not given out again.")
	}
	return nil
}

// deleteFlows deletes the connection tracking entries that a filter matches. If the table changed while it was read, an
// entry may have been missed: it is read again.
func deleteFlows(wanted netlink.CustomConntrackFilter) (err error) {
	for range dumpAttempts {
		_, err = netlink.ConntrackDeleteFilters(netlink.ConntrackTable, unix.AF_INET, wanted)
		if !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	return err
}

// ForgetUntranslated deletes the connection tracking entries of a transport to public addresses and
// ports whose destination is not translated: a client sent their first packet before a rule led it to
// a worker. As long as such an entry exists, each further packet of that flow misses the rule too.
func ForgetUntranslated(transport vpn.Transport, public ...netip.AddrPort) error {
	if len(public) == 0 {
		return nil
	}
	wanted := untranslated{protocol: unix.IPPROTO_UDP, to: map[netip.AddrPort]bool{}}
	if transport == vpn.TCP {
		wanted.protocol = unix.IPPROTO_TCP
	}
	for _, p := range public {
		wanted.to[p] = true
	}
	if err := deleteFlows(wanted); err != nil {
		return Unavailable(err, "The connection tracking entries of clients that came before the port was open cannot be deleted; they connect after a minute.")
	}
	return nil
}

// ForgetFlowsToWorker deletes the connection tracking entries of flows that a rule leads from a public port to the port of a
// worker. The worker that had the port before, perhaps of another endpoint, has ended: its clients still send, and connection
// tracking would lead them to the next one for minutes.
func ForgetFlowsToWorker(port uint16) error {
	if err := deleteFlows(toWorker(port)); err != nil {
		return Unavailable(err, "The connection tracking entries that lead to the port of a worker cannot be deleted.")
	}
	return nil
}

// toWorker matches the entries that are translated to a port.
type toWorker uint16

// MatchConntrackFlow reports whether netlink shall delete the entry.
func (w toWorker) MatchConntrackFlow(flow *netlink.ConntrackFlow) bool {
	return flow.Reverse.SrcPort == uint16(w) && flow.Forward.DstPort != uint16(w) && (flow.Forward.Protocol == unix.IPPROTO_UDP || flow.Forward.Protocol == unix.IPPROTO_TCP)
}

// untranslated matches the entries to public ports that no rule translated.
type untranslated struct {
	protocol uint8
	to       map[netip.AddrPort]bool
}

// MatchConntrackFlow reports whether netlink shall delete the entry.
func (u untranslated) MatchConntrackFlow(flow *netlink.ConntrackFlow) bool {
	dst, _ := netip.AddrFromSlice(flow.Forward.DstIP)
	// The reply of a translated flow comes from the port of a worker.
	return flow.Forward.Protocol == u.protocol && u.to[netip.AddrPortFrom(dst.Unmap(), flow.Forward.DstPort)] &&
		flow.Reverse.SrcPort == flow.Forward.DstPort
}

// flowFilter matches the entries of some addresses.
type flowFilter map[netip.Addr]bool

// MatchConntrackFlow reports whether netlink shall delete the entry.
func (f flowFilter) MatchConntrackFlow(flow *netlink.ConntrackFlow) bool {
	src, _ := netip.AddrFromSlice(flow.Forward.SrcIP)
	dst, _ := netip.AddrFromSlice(flow.Forward.DstIP)
	return f[src.Unmap()] || f[dst.Unmap()]
}
