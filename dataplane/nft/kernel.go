package nft

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// elementsPerMessage keeps one list of elements below the 64 kB that a netlink attribute can
// hold (an element of the session set takes 36 bytes).
const elementsPerMessage = 1000

// sockets are the two netlink sockets that a table keeps open: closing one after a deletion would
// wait for a grace period of the kernel, some ten milliseconds.
type sockets struct {
	changes  *nftables.Conn
	requests *netlink.Conn
}

// openSockets opens the sockets in the network namespace of the calling thread, unless they are
// open. The large send buffer is for a transaction of many elements, which would otherwise fail
// with "message too long".
func (t *Table) openSockets() (*nftables.Conn, error) {
	if t.sockets != nil {
		return t.sockets.changes, nil
	}
	changes, err := nftables.New(nftables.AsLasting(), nftables.WithSockOptions(func(c *netlink.Conn) error {
		return errors.Join(c.SetWriteBuffer(8<<20), c.SetReadBuffer(8<<20))
	}))
	if err != nil {
		return nil, err
	}
	requests, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err != nil {
		_ = changes.CloseLasting()
		return nil, err
	}
	t.sockets = &sockets{changes: changes, requests: requests}
	return changes, nil
}

// closeSockets closes the sockets after an error: replies that were not read would be taken for
// replies to the next request.
func (t *Table) closeSockets() {
	if t.sockets != nil {
		_ = t.sockets.changes.CloseLasting()
		_ = t.sockets.requests.Close()
		t.sockets = nil
	}
}

func (t *Table) handle() *nftables.Table {
	return &nftables.Table{Name: t.name, Family: nftables.TableFamilyINet}
}

// objects lists the objects of the kernel's table; none where there is no table. Where known is true,
// the session sets hold what this process put there and are not read.
func (t *Table) objects(c *nftables.Conn, known bool) (Objects, error) {
	if t.read == nil {
		t.read = map[netip.Addr]Counters{}
	}
	found := Objects{Read: t.read}
	sets, err := c.GetSets(t.handle())
	if isAbsent(err) {
		return found, nil
	}
	if err != nil {
		return found, fmt.Errorf("list the sets of %s: %w", t.name, err)
	}
	for _, s := range sets {
		switch {
		case s.Anonymous:
		case s.IsMap:
			found.Maps = append(found.Maps, s.Name)
		default:
			found.Sets = append(found.Sets, s.Name)
		}
		if !known && slices.Contains(counterSets, s.Name) {
			counted, err := t.readTallies(s.Name)
			if err != nil {
				return found, err
			}
			for a, n := range counted {
				found.Holds = append(found.Holds, Member{Set: s.Name, Addr: a})
				t.read[a] = mergeTally(t.read[a], s.Name, n)
			}
		}
	}
	if known {
		for _, s := range t.sessions {
			found.Holds = append(found.Holds, t.layout.membersOf(s)...)
		}
	}
	chains, err := c.ListChainsOfTableFamily(nftables.TableFamilyINet)
	if err != nil {
		return found, fmt.Errorf("list the chains of %s: %w", t.name, err)
	}
	for _, ch := range chains {
		if ch.Table.Name == t.name {
			found.Chains = append(found.Chains, ch.Name)
		}
	}
	return found, nil
}

func (t *Table) set(name string) *nftables.Set {
	return &nftables.Set{Table: t.handle(), Name: name, KeyType: nftables.TypeIPAddr}
}

// editElements deletes and adds elements of any sets in one transaction, deletions first.
func (t *Table) editElements(c *nftables.Conn, remove, add []Member) error {
	edit := func(list []Member, do func(*nftables.Set, []nftables.SetElement) error) error {
		bySet := map[string][]nftables.SetElement{}
		for _, m := range list {
			bySet[m.Set] = append(bySet[m.Set], m.element())
		}
		for name, elements := range bySet {
			for chunk := range slices.Chunk(elements, elementsPerMessage) {
				if err := do(t.set(name), chunk); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := edit(remove, c.SetDeleteElements); err != nil {
		return err
	}
	if err := edit(add, c.SetAddElements); err != nil {
		return err
	}
	return c.Flush()
}

// isAbsent reports whether an error means that a table, set or element does not exist. The library
// has the kernel's error number only in the text of some errors.
func isAbsent(err error) bool {
	return err != nil && (errors.Is(err, unix.ENOENT) || strings.Contains(err.Error(), unix.ENOENT.Error()))
}

// generation is the kernel's number of committed transactions in this network namespace.
func (t *Table) generation() (uint32, error) {
	replies, err := t.request(unix.NFT_MSG_GETGEN, unix.AF_UNSPEC, 0, nil)
	if err != nil {
		return 0, fmt.Errorf("read the generation of the rules: %w", err)
	}
	for _, m := range replies {
		if len(m.Data) < 4 {
			continue
		}
		ad, err := netlink.NewAttributeDecoder(m.Data[4:])
		if err != nil {
			return 0, err
		}
		ad.ByteOrder = binary.BigEndian
		for ad.Next() {
			if ad.Type() == unix.NFTA_GEN_ID {
				return ad.Uint32(), nil
			}
		}
	}
	return 0, errors.New("the kernel's reply has no generation of the rules")
}

// request sends one nftables request and returns the replies. The library has no call for the
// generation and for all rules of a table at once.
func (t *Table) request(message uint16, family uint8, flags netlink.HeaderFlags, attributes []netlink.Attribute) ([]netlink.Message, error) {
	if _, err := t.openSockets(); err != nil {
		return nil, err
	}
	data, err := netlink.MarshalAttributes(attributes)
	if err != nil {
		return nil, err
	}
	return t.sockets.requests.Execute(netlink.Message{
		Header: netlink.Header{
			Type:  netlink.HeaderType(unix.NFNL_SUBSYS_NFTABLES<<8 | message),
			Flags: netlink.Request | flags,
		},
		Data: append([]byte{family, unix.NFNETLINK_V0, 0, 0}, data...),
	})
}
