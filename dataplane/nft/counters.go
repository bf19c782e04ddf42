package nft

import (
	"encoding/binary"
	"fmt"
	"maps"
	"net/netip"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Counters reads what every live session has been let through, in two netlink dumps. Where
// somebody deletes our counters they go on from the last reading.
func (t *Table) Counters() (map[netip.Addr]Counters, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make(map[netip.Addr]Counters, len(t.sessions))
	for _, name := range counterSets {
		counted, err := t.count(name)
		if err := t.settled(err); err != nil {
			return nil, err
		}
		for a, n := range counted {
			out[a] = merge(out[a], name, n)
		}
	}
	t.read = maps.Clone(out)
	return out, nil
}

// few is the number of addresses below which asking for each is cheaper than reading all.
const few = 100

// countersOf reads those of some addresses; those that have none are left out.
func (t *Table) countersOf(addrs map[netip.Addr]bool) (map[netip.Addr]Counters, error) {
	out := make(map[netip.Addr]Counters, len(addrs))
	for _, name := range counterSets {
		var counted map[netip.Addr]tally
		var err error
		if len(addrs) < few {
			counted, err = t.countEach(name, addrs)
		} else {
			counted, err = t.count(name)
		}
		if err != nil {
			return nil, err
		}
		for a, n := range counted {
			if addrs[a] {
				out[a] = merge(out[a], name, n)
			}
		}
	}
	return out, nil
}

// tally is one element's counter.
type tally struct{ bytes, packets uint64 }

func merge(c Counters, set string, n tally) Counters {
	if set == setSent {
		c.BytesIn, c.PacketsIn = n.bytes, n.packets
	} else {
		c.BytesOut, c.PacketsOut = n.bytes, n.packets
	}
	return c
}

// count reads a whole counter set; none where the table is gone, which is for Drift to say. It
// decodes by itself: the library takes six times as long, which ten thousand sessions feel.
func (t *Table) count(set string) (map[netip.Addr]tally, error) {
	replies, err := t.ask(unix.NFT_MSG_GETSETELEM, unix.NFPROTO_INET, netlink.Dump, t.elementsOf(set, nil))
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the counters %s: %w", set, err)
	}
	return decodeTallies(replies), nil
}

func (t *Table) countEach(set string, addrs map[netip.Addr]bool) (map[netip.Addr]tally, error) {
	var all []netlink.Message
	for a := range addrs {
		key := a.As4()
		replies, err := t.ask(unix.NFT_MSG_GETSETELEM, unix.NFPROTO_INET, 0, t.elementsOf(set, key[:]))
		if absent(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the counter of %s: %w", a, err)
		}
		all = append(all, replies...)
	}
	return decodeTallies(all), nil
}

// elementsOf is the request for one element of a set, or with no key for all.
func (t *Table) elementsOf(set string, key []byte) []netlink.Attribute {
	request := []netlink.Attribute{
		{Type: unix.NFTA_SET_ELEM_LIST_TABLE, Data: []byte(t.name + "\x00")},
		{Type: unix.NFTA_SET_ELEM_LIST_SET, Data: []byte(set + "\x00")},
	}
	if key == nil {
		return request
	}
	data := key
	for _, kind := range []uint16{unix.NFTA_DATA_VALUE, unix.NFTA_SET_ELEM_KEY, unix.NFTA_LIST_ELEM} {
		nested := uint16(unix.NLA_F_NESTED)
		if kind == unix.NFTA_DATA_VALUE && len(data) == len(key) {
			nested = 0
		}
		data, _ = netlink.MarshalAttributes([]netlink.Attribute{{Type: kind | nested, Data: data}}) // fails only beyond 64 kB
	}
	return append(request, netlink.Attribute{Type: unix.NFTA_SET_ELEM_LIST_ELEMENTS | unix.NLA_F_NESTED, Data: data})
}

func decodeTallies(replies []netlink.Message) map[netip.Addr]tally {
	out := make(map[netip.Addr]tally, len(replies)*64)
	for _, m := range replies {
		if len(m.Data) < 4 {
			continue
		}
		attributes(m.Data[4:], func(kind uint16, list []byte) {
			if kind != unix.NFTA_SET_ELEM_LIST_ELEMENTS {
				return
			}
			attributes(list, func(_ uint16, element []byte) {
				var addr netip.Addr
				var n tally
				attributes(element, func(kind uint16, data []byte) {
					switch kind {
					case unix.NFTA_SET_ELEM_KEY:
						attributes(data, func(_ uint16, value []byte) { addr, _ = netip.AddrFromSlice(value) })
					case unix.NFTA_SET_ELEM_EXPR:
						n = decodeCounter(data)
					}
				})
				if addr.Is4() {
					out[addr] = n
				}
			})
		})
	}
	return out
}

func decodeCounter(expression []byte) (n tally) {
	attributes(expression, func(kind uint16, data []byte) {
		if kind != unix.NFTA_EXPR_DATA {
			return
		}
		attributes(data, func(kind uint16, value []byte) {
			switch {
			case len(value) != 8:
			case kind == unix.NFTA_COUNTER_BYTES:
				n.bytes = binary.BigEndian.Uint64(value)
			case kind == unix.NFTA_COUNTER_PACKETS:
				n.packets = binary.BigEndian.Uint64(value)
			}
		})
	})
	return n
}

// attributes walks netlink attributes without copying them; it stops at what it cannot read.
func attributes(b []byte, each func(kind uint16, data []byte)) {
	for len(b) >= 4 {
		size := int(binary.NativeEndian.Uint16(b))
		if size < 4 || size > len(b) {
			return
		}
		each(binary.NativeEndian.Uint16(b[2:])&^(unix.NLA_F_NESTED|unix.NLA_F_NET_BYTEORDER), b[4:size])
		b = b[min(len(b), (size+3)&^3):]
	}
}
