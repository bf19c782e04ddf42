package nft

import (
	"encoding/binary"
	"fmt"
	"maps"
	"net/netip"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Counters reads the counters of every session, in two netlink dumps. Where another program deleted
// our counters, they continue from the last reading after Repair.
func (t *Table) Counters() (map[netip.Addr]Counters, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make(map[netip.Addr]Counters, len(t.sessions))
	for _, name := range counterSets {
		counted, err := t.readTallies(name)
		if err := t.finish(err); err != nil {
			return nil, err
		}
		for a, n := range counted {
			out[a] = mergeTally(out[a], name, n)
		}
	}
	t.read = maps.Clone(out)
	return out, nil
}

// maxSingleReads is the number of addresses up to which single reads cost less than reading the set.
const maxSingleReads = 100

// countersOf reads the counters of some addresses; an address without counters is left out.
func (t *Table) countersOf(addrs map[netip.Addr]bool) (map[netip.Addr]Counters, error) {
	out := make(map[netip.Addr]Counters, len(addrs))
	for _, name := range counterSets {
		var counted map[netip.Addr]tally
		var err error
		if len(addrs) < maxSingleReads {
			counted, err = t.readTalliesOf(name, addrs)
		} else {
			counted, err = t.readTallies(name)
		}
		if err != nil {
			return nil, err
		}
		for a, n := range counted {
			if addrs[a] {
				out[a] = mergeTally(out[a], name, n)
			}
		}
	}
	return out, nil
}

// tally is the counter of one element.
type tally struct{ bytes, packets uint64 }

func mergeTally(c Counters, set string, n tally) Counters {
	if set == setSent {
		c.BytesIn, c.PacketsIn = n.bytes, n.packets
	} else {
		c.BytesOut, c.PacketsOut = n.bytes, n.packets
	}
	return c
}

// readTallies reads a whole counter set; none where the table does not exist, which Drift reports. It
// has a decoder of its own: the library's takes six times as long, noticeable with ten thousand
// sessions.
func (t *Table) readTallies(set string) (map[netip.Addr]tally, error) {
	replies, err := t.request(unix.NFT_MSG_GETSETELEM, unix.NFPROTO_INET, netlink.Dump, t.elementsRequest(set, nil))
	if isAbsent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the counters %s: %w", set, err)
	}
	return decodeTallies(replies), nil
}

func (t *Table) readTalliesOf(set string, addrs map[netip.Addr]bool) (map[netip.Addr]tally, error) {
	var all []netlink.Message
	for a := range addrs {
		key := a.As4()
		replies, err := t.request(unix.NFT_MSG_GETSETELEM, unix.NFPROTO_INET, 0, t.elementsRequest(set, key[:]))
		if isAbsent(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the counter of %s: %w", a, err)
		}
		all = append(all, replies...)
	}
	return decodeTallies(all), nil
}

// elementsRequest returns the attributes that ask for one element of a set, or for all without a key.
func (t *Table) elementsRequest(set string, key []byte) []netlink.Attribute {
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
		walkAttributes(m.Data[4:], func(kind uint16, list []byte) {
			if kind != unix.NFTA_SET_ELEM_LIST_ELEMENTS {
				return
			}
			walkAttributes(list, func(_ uint16, element []byte) {
				var addr netip.Addr
				var n tally
				walkAttributes(element, func(kind uint16, data []byte) {
					switch kind {
					case unix.NFTA_SET_ELEM_KEY:
						walkAttributes(data, func(_ uint16, value []byte) { addr, _ = netip.AddrFromSlice(value) })
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
	walkAttributes(expression, func(kind uint16, data []byte) {
		if kind != unix.NFTA_EXPR_DATA {
			return
		}
		walkAttributes(data, func(kind uint16, value []byte) {
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

// walkAttributes calls each for every netlink attribute without copying it, and stops at a malformed one.
func walkAttributes(b []byte, each func(kind uint16, data []byte)) {
	for len(b) >= 4 {
		size := int(binary.NativeEndian.Uint16(b))
		if size < 4 || size > len(b) {
			return
		}
		each(binary.NativeEndian.Uint16(b[2:])&^(unix.NLA_F_NESTED|unix.NLA_F_NET_BYTEORDER), b[4:size])
		b = b[min(len(b), (size+3)&^3):]
	}
}
