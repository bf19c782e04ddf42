package lab

import (
	"strings"
	"testing"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

const addrBehindDefault = "10.0.3.10"

// wantReachTested associates subnet-c, to which the gateway has no route but its default one. It is amber until a host in it
// answers: the test by ICMP echo, which the dataplane sends, and the one by TCP tell the truth about hosts that answer and
// about those that are not there.
func (s *site) wantReachTested(t *testing.T) {
	t.Helper()
	s.internet.IP(t, "addr", "add", addrBehindDefault+"/32", "dev", "lo")
	network := s.Get(s.Endpoint+"/associations").Href(t, "office")
	s.MustSubmit(network+"/subnets/new", "Create subnet", gateway.Fields{"Name": "subnet-c", "IPv4 CIDR": "10.0.3.0/24", "Availability zone": "zone-c"})
	s.Associate("subnet-c")
	s.WaitRow("/associations", "10.0.1.0/24", "associated", "neta, directly")
	s.WaitRow("/associations", "10.0.3.0/24", "▲ associated", "default route only", addrInternet+" on inet")
	test := s.Get(s.Endpoint+"/associations").Href(t, "Test this target network")
	by := func(address, kind, port string) string {
		t.Helper()
		return s.MustSubmit(test, "Test", gateway.Fields{"IPv4 address": address, kind: "", "TCP port": port}).Text()
	}
	for _, c := range []struct{ address, kind, port, want string }{
		{"10.0.3.99", "Ping (ICMP echo)", "", "No answer from 10.0.3.99"},
		{addrBehindDefault, "Open a TCP port", "9", "port 9 is closed"},
		{addrBehindDefault, "Open a TCP port", "7000", "port 7000 is open"},
		{addrBehindDefault, "Ping (ICMP echo)", "", addrBehindDefault + " answers to ICMP echo"},
	} {
		if got := by(c.address, c.kind, c.port); !strings.Contains(got, c.want) {
			t.Errorf("%s of %s: %s, want %q", c.kind, c.address, netlab.Tail(got, 1500), c.want)
		}
		if c.want[:2] == "No" {
			s.WaitRow("/associations", "10.0.3.0/24", "▲ associated", "10.0.3.99 did not answer")
		}
	}
	s.WaitRow("/associations", "10.0.3.0/24", "● associated", "default route only", addrBehindDefault+" answered")
}
