package vpn

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// A test asks one host of the target network, and nothing else.
func TestProbeIsOfTheTargetNetwork(t *testing.T) {
	a := Association{ID: NewAssociationID(), Subnet: "subnet-1", CIDR: netip.MustParsePrefix("10.0.9.0/24")}
	for _, c := range []struct {
		spec  ProbeSpec
		field string // that is refused; empty: none
	}{
		{ProbeSpec{Kind: "icmp", Address: " 10.0.9.1 "}, ""},
		{ProbeSpec{Kind: "icmp", Address: "10.0.9.1", Port: "nonsense"}, ""}, // the port does not count
		{ProbeSpec{Kind: "tcp", Address: "10.0.9.254", Port: "443"}, ""},
		{ProbeSpec{Kind: "tcp", Address: "10.0.9.254", Port: "0"}, "port"},
		{ProbeSpec{Kind: "tcp", Address: "10.0.9.254", Port: "65536"}, "port"},
		{ProbeSpec{Kind: "tcp", Address: "10.0.9.254"}, "port"},
		{ProbeSpec{Kind: "icmp"}, "address"},
		{ProbeSpec{Kind: "icmp", Address: "10.0.8.1"}, "address"},
		{ProbeSpec{Kind: "icmp", Address: "127.0.0.1"}, "address"},
		{ProbeSpec{Kind: "icmp", Address: "10.0.9.0"}, "address"},
		{ProbeSpec{Kind: "icmp", Address: "10.0.9.255"}, "address"},
		{ProbeSpec{Kind: "icmp", Address: "::1"}, "address"},
		{ProbeSpec{Kind: "icmp", Address: "::ffff:10.0.9.1"}, "address"},
		{ProbeSpec{Kind: "icmp", Address: "host.example"}, "address"},
		{ProbeSpec{Kind: "udp", Address: "10.0.9.1"}, "kind"},
	} {
		p, err := a.Probe(c.spec)
		if got := FieldsOf(err); (err == nil) != (c.field == "") || c.field != "" && got[c.field] == "" {
			t.Errorf("%+v: %v, fields %v; want %q refused", c.spec, err, got, c.field)
		}
		if err == nil && (p.Subnet != a.Subnet || !a.CIDR.Contains(p.Address)) {
			t.Errorf("%+v: %+v", c.spec, p)
		}
	}
}

// What came back is one sentence, and what may be the reason another one.
func TestProbeSentence(t *testing.T) {
	at := Probe{Kind: ProbeICMP, Address: netip.MustParseAddr("10.0.9.1"), Port: 443, RoundTrip: 1234 * time.Microsecond, Way: WayOut{Interface: "eth1"}}
	router := netip.MustParseAddr("192.0.2.254")
	for _, c := range []struct {
		kind    ProbeKind
		outcome ProbeOutcome
		from    netip.Addr
		want    string
	}{
		{ProbeICMP, ProbeAnswered, netip.Addr{}, "10.0.9.1 answers to ICMP echo (1.2 ms)."},
		{ProbeTCP, ProbeAnswered, netip.Addr{}, "10.0.9.1 answers: port 443 is open (1.2 ms)."},
		{ProbeTCP, ProbeRefused, netip.Addr{}, "10.0.9.1 answers: port 443 is closed (1.2 ms)."},
		{ProbeICMP, ProbeUnreachable, router, "192.0.2.254 says that 10.0.9.1 cannot be reached."},
		{ProbeICMP, ProbeUnreachable, netip.Addr{}, "no host with this address on eth1."},
		{ProbeICMP, ProbeSilent, netip.Addr{}, "No answer from 10.0.9.1 to ICMP echo within 3 seconds."},
		{ProbeTCP, ProbeSilent, netip.Addr{}, "No answer from port 443 of 10.0.9.1 within 3 seconds."},
	} {
		p := at
		p.Kind, p.Outcome, p.From = c.kind, c.outcome, c.from
		if got := p.Sentence(); !strings.Contains(got, c.want) || (p.Advice() == "") != p.Reached() {
			t.Errorf("%s %s: %q, advice %q; want %q", c.kind, c.outcome, got, p.Advice(), c.want)
		}
	}
}
