package lab

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// A port that another program uses is reported with the name of that program, and the endpoint is not
// "available". When the port is free the endpoint becomes available without help.
func TestTakenPort(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	var other net.PacketConn
	err := s.gatewayHost.Do(func() (err error) { other, err = net.ListenPacket("udp4", ":443"); return err })
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	s.Associate("subnet-a")
	holder := "(process " + strconv.Itoa(os.Getpid()) + ")"
	s.WaitText("", "UDP port 443 on this host is in use by", holder)
	s.WaitRow("/associations", "subnet-a", "UDP port 443 on this host is in use by", holder)
	if text := s.Get(s.Endpoint).Text(); strings.Contains(strings.ToLower(text), "available") {
		t.Errorf("the endpoint is shown as available: %s", netlab.Tail(text, 500))
	}
	if !strings.Contains(s.Get("/node").Text(), "UDP port 443 on this host is in use by") {
		t.Error("the page of the node does not say so")
	}
	// The log comes through a pipe, perhaps later than the page.
	netlab.Eventually(t, 20*time.Second, "the log says so", func() bool { return strings.Contains(s.Log.String(), "UDP port 443 on this host is in use by") })

	freed := time.Now()
	other.Close()
	s.WaitText("", "available")
	t.Logf("available %s after the port was freed", time.Since(freed).Round(time.Millisecond))
	s.WaitNoText("", "is in use by")
	s.WaitRow("/associations", "subnet-a", "associated")
	netlab.ConnectClient(t, s.clients[0], s.Profile("alice"))
}
