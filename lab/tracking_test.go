package lab

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/lab/netlab"
)

// trackingSentence begins the fault of connection tracking that is nearly full.
const trackingSentence = "Connection tracking of this host holds"

// A client that opens flows without end takes its share of the host's connection tracking and no more; when
// others fill it, the console says so in time, and again when it has room.
func TestConnectionTracking(t *testing.T) {
	t.Parallel()
	var settings []string
	if os.Getenv("LAB_FLOOD_UNLIMITED") != "" {
		settings = append(settings, "SALLYPORT_FLOWS_PER_CLIENT=0")
	}
	b := makeBusy(t, newSite(t, 2, settings...))
	const opened, share, others = 20_000, 4000, 500
	err := b.clients[0].Do(func() error {
		for range opened {
			c, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.ParseIP(addrHostA), Port: 9})
			if err != nil {
				return err
			}
			_, _ = c.Write([]byte("flow"))
			_ = c.Close()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	held, most := tracked(t, b.gatewayHost)
	t.Logf("%d flows of one client were opened: connection tracking holds %d", opened, held)
	if held > share+others {
		t.Errorf("connection tracking holds %d flows, want %d of the client and a few", held, share)
	}
	if !b.clients[1].Reaches(addrHostA, netlab.EchoPort) {
		t.Error("another client opens no flow")
	}
	b.waitTransfers(t, "a client opened flows without end")

	fillTracking(t, b.gatewayHost, most/10*9+100)
	b.waitTracking(t, true)
	if !b.clients[1].Reaches(addrHostA, netlab.EchoPort) {
		t.Error("with connection tracking nine tenths full no flow is opened")
	}
	b.waitTransfers(t, "connection tracking was nearly full")
	emptyTracking(t, b.gatewayHost)
	b.waitTracking(t, false)
}

// waitTracking waits until the page of the node says, or no longer says, that connection tracking is nearly full.
func (b *busySite) waitTracking(t *testing.T, says bool) {
	t.Helper()
	netlab.Eventually(t, 45*time.Second, "the page of the node says that connection tracking is nearly full: "+strconv.FormatBool(says), func() bool {
		return strings.Contains(b.Get("/node").Text(), trackingSentence) == says
	})
}

// tracked is what a host's connection tracking holds, and can hold.
func tracked(t *testing.T, on *netlab.Namespace) (held, most int) {
	t.Helper()
	for name, n := range map[string]*int{"count": &held, "max": &most} {
		text := on.ReadFile(t, "/proc/sys/net/netfilter/nf_conntrack_"+name)
		var err error
		if *n, err = strconv.Atoi(strings.TrimSpace(text)); err != nil {
			t.Fatal(err)
		}
	}
	return held, most
}

// otherFlows is the source of the flows that fillTracking makes.
var otherFlows = net.IPNet{IP: net.IPv4(198, 18, 0, 0).To4(), Mask: net.CIDRMask(15, 32)}

// fillTracking has a host's connection tracking hold so many flows: those of other programs.
func fillTracking(t *testing.T, on *netlab.Namespace, want int) {
	t.Helper()
	held, _ := tracked(t, on)
	err := on.Do(func() error {
		h, err := netlink.NewHandle(unix.NETLINK_NETFILTER)
		if err != nil {
			return err
		}
		defer h.Close()
		far := net.IPv4(203, 0, 113, 9).To4()
		for n := range want - held {
			near := net.IPv4(198, 18, byte(n>>8), byte(n)).To4()
			port := uint16(1024 + n>>16)
			flow := netlink.ConntrackFlow{
				FamilyType: unix.AF_INET, TimeOut: 600,
				Forward: netlink.IPTuple{SrcIP: near, DstIP: far, SrcPort: port, DstPort: 9, Protocol: unix.IPPROTO_UDP},
				Reverse: netlink.IPTuple{SrcIP: far, DstIP: near, SrcPort: 9, DstPort: port, Protocol: unix.IPPROTO_UDP},
			}
			if err := h.ConntrackCreate(netlink.ConntrackTable, unix.AF_INET, &flow); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// emptyTracking removes what fillTracking made.
func emptyTracking(t *testing.T, on *netlab.Namespace) {
	t.Helper()
	err := on.Do(func() error {
		filter := &netlink.ConntrackFilter{}
		if err := filter.AddIPNet(netlink.ConntrackOrigSrcIP, &otherFlows); err != nil {
			return err
		}
		_, err := netlink.ConntrackDeleteFilters(netlink.ConntrackTable, unix.AF_INET, filter)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
