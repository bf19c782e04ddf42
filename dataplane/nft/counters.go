package nft

import (
	"fmt"
	"net/netip"

	"github.com/google/nftables"
)

// Counters reads what every live session has been let through, in two netlink dumps.
func (t *Table) Counters() (map[netip.Addr]Counters, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, err := dial()
	if err != nil {
		return nil, unavailable(err)
	}
	return t.counters(c)
}

func (t *Table) counters(c *nftables.Conn) (map[netip.Addr]Counters, error) {
	out := make(map[netip.Addr]Counters, len(t.sessions))
	for _, name := range counterSets {
		elements, err := c.GetSetElements(t.set(name))
		if absent(err) {
			continue // the table is gone; Drift says so
		}
		if err != nil {
			return nil, unavailable(fmt.Errorf("read the counters %s: %w", name, err))
		}
		for _, e := range elements {
			addr, ok := netip.AddrFromSlice(e.Key)
			if !ok || e.Counter == nil {
				continue
			}
			n := out[addr]
			if name == setSent {
				n.BytesIn, n.PacketsIn = e.Counter.Bytes, e.Counter.Packets
			} else {
				n.BytesOut, n.PacketsOut = e.Counter.Bytes, e.Counter.Packets
			}
			out[addr] = n
		}
	}
	return out, nil
}
