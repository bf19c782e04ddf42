package nft

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"strconv"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"sallyport/dataplane/host"
	"sallyport/vpn"
)

// OwnedTable is a second table of static rules that drop every packet from and to a tun device of
// ours that lacks one bit of the packet mark. The rules of Table set that bit where they accept,
// so nothing passes while Table is absent or one of its chains is empty: "nft flush ruleset", a
// reload of nftables.service, "nft delete table".
//
// The kernel lets only the netlink socket that created the table change or delete it, and keeps it
// when another process flushes the ruleset. It deletes the table when the last
// descriptor of that socket is closed. Workers inherit one (see File), so the table outlives a
// crash of this process as long as a worker can carry packets. A later process cannot change it:
// it adds a table of its own, and its Ruleset.Mark holds the bits of both (see OwnedMarks).
type OwnedTable struct {
	name   string
	conn   *nftables.Conn
	socket *os.File
}

const tableFlagOwner = 0x2 // NFT_TABLE_F_OWNER, since Linux 5.12

const randomEnd = 4 // bytes

// ownedPrefix begins the names of owned tables; the mark in hexadecimal and a random end follow.
func ownedPrefix(name string) string { return name + "-owned-" }

// OpenOwnedTable creates an owned table beside the table called name. The packets of live clients
// need the mark by then: apply a Ruleset with it before. mark is a single bit.
func OpenOwnedTable(name string, mark uint32) (*OwnedTable, error) {
	if bits.OnesCount32(mark) != 1 {
		return nil, refuseRuleset("The packet mark 0x%x is not a single bit.", mark)
	}
	end := make([]byte, randomEnd)
	_, _ = rand.Read(end)
	t := &OwnedTable{name: fmt.Sprintf("%s%08x-%s", ownedPrefix(name), mark, hex.EncodeToString(end))}
	if err := t.open(mark); err != nil {
		_ = t.Close()
		return nil, vpn.Refuse(vpn.Unavailable, vpn.CodePacketFilterFailed,
			"The kernel does not keep a packet filter table that other programs cannot flush (Linux 5.12 or later is needed). While another program flushes all rules, packets of VPN clients pass unfiltered for some milliseconds.").Because(err)
	}
	return t, nil
}

func (t *OwnedTable) open(mark uint32) error {
	var socket *netlink.Conn
	var err error
	t.conn, err = nftables.New(nftables.AsLasting(), nftables.WithSockOptions(func(c *netlink.Conn) error {
		socket = c
		return nil
	}))
	if err != nil {
		return err
	}
	if err := t.keep(socket); err != nil {
		return err
	}
	// The library has no owner flag, so the table itself is a message of ours.
	batch := func(kind uint16) netlink.Message {
		return netlink.Message{
			Header: netlink.Header{Type: netlink.HeaderType(kind), Flags: netlink.Request},
			Data:   []byte{unix.AF_UNSPEC, unix.NFNETLINK_V0, 0, unix.NFNL_SUBSYS_NFTABLES},
		}
	}
	attributes, err := netlink.MarshalAttributes([]netlink.Attribute{
		{Type: unix.NFTA_TABLE_NAME, Data: []byte(t.name + "\x00")},
		{Type: unix.NFTA_TABLE_FLAGS, Data: binary.BigEndian.AppendUint32(nil, tableFlagOwner)},
	})
	if err != nil {
		return err
	}
	create := netlink.Message{
		Header: netlink.Header{
			Type:  netlink.HeaderType(unix.NFNL_SUBSYS_NFTABLES<<8 | unix.NFT_MSG_NEWTABLE),
			Flags: netlink.Request | netlink.Acknowledge | netlink.Create,
		},
		Data: append([]byte{unix.NFPROTO_INET, unix.NFNETLINK_V0, 0, 0}, attributes...),
	}
	if _, err := socket.SendMessages([]netlink.Message{batch(unix.NFNL_MSG_BATCH_BEGIN), create, batch(unix.NFNL_MSG_BATCH_END)}); err != nil {
		return err
	}
	if _, err := socket.Receive(); err != nil {
		return err
	}
	return t.fill(mark)
}

// keep takes a descriptor of the owning socket for File.
func (t *OwnedTable) keep(socket *netlink.Conn) error {
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	var fd int
	var failed error
	err = raw.Control(func(s uintptr) { fd, failed = unix.FcntlInt(s, unix.F_DUPFD_CLOEXEC, 3) })
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	t.socket = os.NewFile(uintptr(fd), "owner of "+t.name)
	return nil
}

// fill writes the chains. Each comes right after the chain of Table at the same hook, so no other
// program's chain changes the mark between the two.
func (t *OwnedTable) fill(mark uint32) error {
	table := &nftables.Table{Name: t.name, Family: nftables.TableFamilyINet}
	in, out := dropUnmarked(expr.MetaKeyIIFGROUP, mark), dropUnmarked(expr.MetaKeyOIFGROUP, mark)
	for _, c := range []struct {
		name  string
		hook  *nftables.ChainHook
		rules [][]expr.Any
	}{
		{"forwarding", nftables.ChainHookForward, [][]expr.Any{in, out}},
		{"input", nftables.ChainHookInput, [][]expr.Any{in}},
		{"output", nftables.ChainHookOutput, [][]expr.Any{out}},
	} {
		accept := nftables.ChainPolicyAccept
		chain := t.conn.AddChain(&nftables.Chain{
			Table: table, Name: c.name, Type: nftables.ChainTypeFilter, Hooknum: c.hook,
			Priority: nftables.ChainPriorityRef(*nftables.ChainPriorityFilter + 1), Policy: &accept,
		})
		for _, r := range c.rules {
			t.conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: r})
		}
	}
	// As long as a chain of type nat and a rule that asks connection tracking exist, the kernel tracks
	// and translates running flows. Without them, and without Table, packets of such flows would reach
	// the wrong end and be answered with a reset.
	accept := nftables.ChainPolicyAccept
	chain := t.conn.AddChain(&nftables.Chain{
		Table: table, Name: "translating", Type: nftables.ChainTypeNAT, Hooknum: nftables.ChainHookPrerouting,
		Priority: nftables.ChainPriorityNATDest, Policy: &accept,
	})
	t.conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: []expr.Any{
		&expr.Ct{Key: expr.CtKeyDIRECTION, Register: unix.NFT_REG_1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: unix.NFT_REG_1, Data: []byte{0}}, // original
		&expr.Verdict{Kind: expr.VerdictAccept},
	}})
	return t.conn.Flush()
}

// dropUnmarked is the rule that drops a packet of a device of ours that lacks the mark. The group
// tells our devices from those of other programs, whatever their names.
func dropUnmarked(group expr.MetaKey, mark uint32) []expr.Any {
	number := binaryutil.NativeEndian.PutUint32
	return []expr.Any{
		&expr.Meta{Key: group, Register: unix.NFT_REG_1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: unix.NFT_REG_1, Data: number(host.DeviceGroup)},
		&expr.Meta{Key: expr.MetaKeyMARK, Register: unix.NFT_REG_1},
		&expr.Bitwise{SourceRegister: unix.NFT_REG_1, DestRegister: unix.NFT_REG_1, Len: 4, Mask: number(mark), Xor: number(0)},
		&expr.Cmp{Op: expr.CmpOpEq, Register: unix.NFT_REG_1, Data: number(0)},
		&expr.Counter{},
		&expr.Verdict{Kind: expr.VerdictDrop},
	}
}

// File is a descriptor of the socket that owns the table: the table exists as long as any process
// has one open. It gives no rights to a process without CAP_NET_ADMIN. It is closed by Close.
func (t *OwnedTable) File() *os.File { return t.socket }

// Close gives up this process's descriptors. Where no worker has one the table is gone.
func (t *OwnedTable) Close() error {
	var err error
	if t.conn != nil {
		err = t.conn.CloseLasting()
	}
	if t.socket != nil {
		err = errors.Join(err, t.socket.Close())
	}
	return err
}

// OwnedMarks gives the marks of all owned tables beside the table called name, as one number: those
// of earlier processes too, whose workers still run.
func OwnedMarks(name string) (uint32, error) {
	c, err := nftables.New()
	if err != nil {
		return 0, asUnavailable(err)
	}
	tables, err := c.ListTablesOfFamily(nftables.TableFamilyINet)
	if err != nil {
		return 0, asUnavailable(err)
	}
	var marks uint32
	for _, t := range tables {
		// The library reads the flags in the byte order of the host, and the kernel sends them in that of the network.
		if flags := t.Flags | bits.ReverseBytes32(t.Flags); flags&tableFlagOwner != 0 {
			marks |= markOf(t.Name, name)
		}
	}
	return marks, nil
}

// markOf is the mark in the name of an owned table beside the table called name; 0 where OpenOwnedTable gives
// no such name: a table of another program must not decide what accepted packets are marked with.
func markOf(owned, name string) uint32 {
	rest, ours := strings.CutPrefix(owned, ownedPrefix(name))
	digits, end, _ := strings.Cut(rest, "-")
	n, notHex := strconv.ParseUint(digits, 16, 32)
	random, notRandom := hex.DecodeString(end)
	if !ours || notHex != nil || notRandom != nil || len(digits) != 8 || len(random) != randomEnd || bits.OnesCount64(n) != 1 {
		return 0
	}
	return uint32(n)
}
