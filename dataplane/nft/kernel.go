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

// kernel is the pair of netlink sockets that a table keeps open. Kept, because the kernel makes
// whoever closes one after a deletion wait for a grace period of some ten milliseconds.
type kernel struct {
	changes   *nftables.Conn
	questions *netlink.Conn
}

// dial opens the sockets in the network namespace of the calling thread, unless they are. The
// large send buffer is for one transaction of many elements, which is otherwise lost whole with
// "message too long".
func (t *Table) dial() (*nftables.Conn, error) {
	if t.kernel != nil {
		return t.kernel.changes, nil
	}
	changes, err := nftables.New(nftables.AsLasting(), nftables.WithSockOptions(func(c *netlink.Conn) error {
		return errors.Join(c.SetWriteBuffer(8<<20), c.SetReadBuffer(8<<20))
	}))
	if err != nil {
		return nil, err
	}
	questions, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err != nil {
		_ = changes.CloseLasting()
		return nil, err
	}
	t.kernel = &kernel{changes: changes, questions: questions}
	return changes, nil
}

// hangUp closes the sockets after an error: answers that nobody read would be taken for those
// to the next question.
func (t *Table) hangUp() {
	if t.kernel != nil {
		_ = t.kernel.changes.CloseLasting()
		_ = t.kernel.questions.Close()
		t.kernel = nil
	}
}

func (t *Table) handle() *nftables.Table {
	return &nftables.Table{Name: t.name, Family: nftables.TableFamilyINet}
}

// objects lists what the kernel's table holds; nothing where there is none. What the sets of
// sessions hold is not asked for where it is known to be what we put there.
func (t *Table) objects(c *nftables.Conn, known bool) (Objects, error) {
	if t.read == nil {
		t.read = map[netip.Addr]Counters{}
	}
	found := Objects{Read: t.read}
	sets, err := c.GetSets(t.handle())
	if absent(err) {
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
			counted, err := t.count(s.Name)
			if err != nil {
				return found, err
			}
			for a, n := range counted {
				found.Holds = append(found.Holds, Member{Set: s.Name, Addr: a})
				t.read[a] = merge(t.read[a], s.Name, n)
			}
		}
	}
	if known {
		for _, s := range t.sessions {
			found.Holds = append(found.Holds, t.placing.of(s)...)
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

// change adds and removes elements of any sets in one transaction, removals first.
func (t *Table) change(c *nftables.Conn, remove, add []Member) error {
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

// absent tells whether an error says that a table, set or element is not there. The library
// hides the kernel's number in the text of some errors.
func absent(err error) bool {
	return err != nil && (errors.Is(err, unix.ENOENT) || strings.Contains(err.Error(), unix.ENOENT.Error()))
}

// generation is the kernel's number of committed transactions in this network namespace.
func (t *Table) generation() (uint32, error) {
	replies, err := t.ask(unix.NFT_MSG_GETGEN, unix.AF_UNSPEC, 0, nil)
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
	return 0, errors.New("the kernel told no generation of the rules")
}

// ask sends one nftables request and gives the answers. The library has no call for what is
// asked here: the generation, and all rules of a table at once.
func (t *Table) ask(message uint16, family uint8, flags netlink.HeaderFlags, attributes []netlink.Attribute) ([]netlink.Message, error) {
	if _, err := t.dial(); err != nil {
		return nil, err
	}
	data, err := netlink.MarshalAttributes(attributes)
	if err != nil {
		return nil, err
	}
	return t.kernel.questions.Execute(netlink.Message{
		Header: netlink.Header{
			Type:  netlink.HeaderType(unix.NFNL_SUBSYS_NFTABLES<<8 | message),
			Flags: netlink.Request | flags,
		},
		Data: append([]byte{family, unix.NFNETLINK_V0, 0, 0}, data...),
	})
}
