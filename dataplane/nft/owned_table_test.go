package nft_test

import (
	"context"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/ipv4"

	"sallyport/dataplane/nft"
	"sallyport/vpn"
)

const testMark = 0x40000000

// applyMarked applies rules whose accepted packets get the mark.
func (l *lab) applyMarked(rules ...vpn.DesiredRule) {
	l.t.Helper()
	must(l.t, l.table.Apply(context.Background(), nft.Ruleset{Mark: testMark, Endpoints: []nft.Endpoint{l.endpoint(rules...)}}))
}

func (l *lab) openOwned() *nft.OwnedTable {
	l.t.Helper()
	owned, err := nft.OpenOwnedTable("sptest", testMark)
	must(l.t, err)
	l.t.Cleanup(func() { _ = owned.Close() })
	return owned
}

// received counts the datagrams to a port of the space.
func (s space) received(port string) *atomic.Int64 {
	n := new(atomic.Int64)
	p := s.udp(port)
	go func() {
		buf := make([]byte, 2000)
		for {
			if _, _, _, err := p.ReadFrom(buf); err != nil {
				return
			}
			n.Add(1)
		}
	}()
	return n
}

// TestNothingPassesWhileTheTableIsGone sends forbidden packets in every direction while another
// program deletes the table repeatedly: from a client to a network, to this host (also as
// broadcast and multicast), and to another client, from another host to a client, from this host to a
// client. Not one may arrive; what is allowed passes each time that the table is there again.
func TestNothingPassesWhileTheTableIsGone(t *testing.T) {
	l := newLab(t)
	allowed := l.target.echo()
	l.applyMarked(all("172.17.0.0/16"))
	alice, bob := l.client("10.8.0.2", 0), l.client("10.8.0.3", 1)
	l.openOwned()
	forbidden := map[string]*atomic.Int64{
		"the target": l.target.received(":19"), "this host": here(t, ":29"), "alice": alice.received(":39"), "bob": bob.received(":39"),
	}
	for _, damage := range []string{
		"flush ruleset", "delete table inet sptest", "flush table inet sptest", "flush chain inet sptest forwarding",
		"flush chain inet sptest input", "flush chain inet sptest output",
	} {
		t.Run(damage, func(t *testing.T) {
			l.mustPass(alice)
			stop := make(chan struct{})
			var streams sync.WaitGroup
			stream := func(from *ipv4.PacketConn, to ...string) {
				streams.Go(func() {
					for {
						for _, a := range to {
							_, _ = from.WriteTo([]byte("probe"), nil, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(a)))
						}
						select {
						case <-stop:
							return
						case <-time.After(200 * time.Microsecond):
						}
					}
				})
			}
			stream(alice.udp(":0"), "172.16.5.5:19", "198.51.100.1:29", "10.8.0.1:29", "10.8.0.3:39", "255.255.255.255:29", "224.0.0.1:29")
			stream(l.outside.udp(":0"), "10.8.0.2:39", "10.8.0.3:39")
			stream(l.target.udp(":0"), "10.8.0.2:39")
			own, err := net.ListenPacket("udp4", ":0")
			must(t, err)
			defer func() { _ = own.Close() }()
			stream(ipv4.NewPacketConn(own), "10.8.0.2:39", "10.8.0.3:39")
			for range 8 {
				nftCommand(t, damage)
				<-time.After(30 * time.Millisecond) // while it is gone
				if found, err := l.table.Drift(context.Background()); err != nil || len(found) == 0 {
					t.Errorf("drift after %q: %v, %v", damage, found, err)
				}
				must(t, l.table.Repair(context.Background()))
				l.mustPass(alice)
			}
			close(stop)
			streams.Wait()
			for where, n := range forbidden {
				if n := n.Swap(0); n != 0 {
					t.Errorf("%d forbidden packets arrived at %s", n, where)
				}
			}
		})
	}
	if allowed.Load() == 0 {
		t.Error("nothing that is allowed arrived")
	}
}

// mustPass fails where a client does not reach what its rules allow.
func (l *lab) mustPass(c *client) {
	l.t.Helper()
	c.mustAnswer(netip.MustParseAddr("172.17.5.5"))
}

// here counts the datagrams to a port of this host.
func here(t *testing.T, port string) *atomic.Int64 {
	t.Helper()
	c, err := net.ListenPacket("udp4", port)
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	n := new(atomic.Int64)
	go func() {
		buf := make([]byte, 2000)
		for {
			if _, _, err := c.ReadFrom(buf); err != nil {
				return
			}
			n.Add(1)
		}
	}()
	return n
}

// TestOwnedTableLivesAsLongAsItsSocket: no other program changes or deletes it; a process that has
// inherited the descriptor keeps it after the owner has gone; OwnedMarks finds its mark.
func TestOwnedTableLivesAsLongAsItsSocket(t *testing.T) {
	l := newLab(t)
	l.applyMarked(all("172.17.0.0/16"))
	c := l.client("10.8.0.2", 0)
	l.target.echo()
	owned := l.openOwned()
	l.mustPass(c)
	marks, err := nft.OwnedMarks("sptest")
	must(t, err)
	if marks != testMark {
		t.Errorf("marks 0x%x, want 0x%x", marks, testMark)
	}
	if other, err := nft.OwnedMarks("sp"); err != nil || other != 0 {
		t.Errorf("marks beside another table: 0x%x, %v", other, err)
	}

	// Tables of other programs, whatever their names, decide nothing.
	for _, name := range []string{"sptest-owned-ffffffff-00112233", "sptest-owned-00ff0000-00112233", "sptest-owned-00000004-00112233", "sptest-owned-00000008"} {
		nftCommand(t, "add table inet "+name) // until the ruleset is flushed below
	}
	if marks, err := nft.OwnedMarks("sptest"); err != nil || marks != testMark {
		t.Errorf("beside tables of other programs: marks 0x%x, %v", marks, err)
	}

	worker := exec.Command("sleep", "1000")
	worker.ExtraFiles = []*os.File{owned.File()}
	must(t, worker.Start())
	defer func() { _ = worker.Process.Kill(); _ = worker.Wait() }()
	must(t, owned.Close())
	nftCommand(t, "flush ruleset")
	if c.answers(netip.MustParseAddr("172.17.5.5"), silence) {
		t.Error("packets pass although a worker holds the socket of the owned table")
	}
	must(t, worker.Process.Kill())
	_ = worker.Wait()
	if !eventually(func() bool { marks, err := nft.OwnedMarks("sptest"); return err == nil && marks == 0 }) {
		t.Error("the owned table outlives the last descriptor of its socket")
	}
}

func eventually(ok func() bool) bool {
	for deadline := time.Now().Add(timeout); time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	return false
}

func TestOwnedTableTakesOneBit(t *testing.T) {
	for _, mark := range []uint32{0, 3, 0xffffffff} {
		if owned, err := nft.OpenOwnedTable("sptest", mark); err == nil {
			_ = owned.Close()
			t.Errorf("mark 0x%x was taken", mark)
		}
	}
}

// TestMarksOfOthersStay: only the one bit of the mark is set, and a device of another program whose
// name begins like ours is passed by.
func TestMarksOfOthersStay(t *testing.T) {
	l := newLab(t)
	l.applyMarked(all("172.17.0.0/16"))
	c := l.client("10.8.0.2", 0)
	l.openOwned()
	nftCommand(t, `table inet others {
	chain before { type filter hook prerouting priority raw; meta mark set 0x00000521; }
	chain after { type filter hook postrouting priority 0; oifname "lan0" meta mark 0x40000521 counter; oifname "lan0" meta mark != 0x40000521 drop; }
}`)
	l.target.echo()
	l.mustPass(c)
	nftCommand(t, "delete table inet others")

	outsider := newSpace(t)
	l.join(outsider, "sp0", "203.0.113.1/24", "203.0.113.2/24", "203.0.113.1")
	must(t, os.WriteFile("/proc/sys/net/ipv4/conf/sp0/forwarding", []byte("1"), 0))
	outsider.mustAnswer(netip.MustParseAddr("172.17.5.5"))
}
