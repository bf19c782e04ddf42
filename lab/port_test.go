package lab

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// A port that another program has is a sentence that names the program, and never "available";
// when it is free the endpoint becomes available by itself.
func TestTakenPort(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	var other net.PacketConn
	err := s.topology.gateway.do(func() (err error) { other, err = net.ListenPacket("udp4", ":443"); return err })
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	s.createNetwork()
	s.createCertificates("alice")
	s.createEndpoint(nil)
	s.associate("subnet-a")
	holder := "(process " + itoa(os.Getpid()) + ")"
	s.shows("", "UDP port 443 on this host is in use by", holder)
	s.line("/associations", "subnet-a", "UDP port 443 on this host is in use by", holder)
	if text := s.get(s.endpoint).text(); strings.Contains(strings.ToLower(text), "available") {
		t.Errorf("the endpoint claims to be available: %s", tail(text, 500))
	}
	if !strings.Contains(s.get("/settings").text(), "UDP port 443 on this host is in use by") {
		t.Error("the page of the node does not say so")
	}
	if !strings.Contains(s.out.String(), "UDP port 443 on this host is in use by") {
		t.Error("the log does not say so")
	}

	freed := time.Now()
	other.Close()
	s.shows("", "available")
	t.Logf("available %s after the port was freed", time.Since(freed).Round(time.Millisecond))
	s.hides("", "is in use by")
	s.line("/associations", "subnet-a", "associated")
	connectVPN(t, s.clients[0], s.profile("alice"))
}
