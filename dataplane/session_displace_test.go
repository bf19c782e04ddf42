package dataplane

import (
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

// A silent client is told that another one continues its connection. The streams of the connection stay with a client
// that comes from the same address; one from elsewhere may be another device with a copy of the certificate.
func TestRejoinFromElsewhereGetsNoFlows(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	id := f.deviceUp(t, r, 1, device("AB", "t1", "linux", "192.0.2.1"))
	s, _ := f.ep.sessions.Get(id)
	flow := &netlink.ConntrackFlow{
		FamilyType: unix.AF_INET, TimeOut: 600,
		Forward: netlink.IPTuple{Protocol: unix.IPPROTO_UDP, SrcIP: s.Addr.AsSlice(), DstIP: netip.MustParseAddr("10.0.1.9").AsSlice(), SrcPort: 4000, DstPort: 4000},
		Reverse: netlink.IPTuple{Protocol: unix.IPPROTO_UDP, SrcIP: netip.MustParseAddr("10.0.1.9").AsSlice(), DstIP: s.Addr.AsSlice(), SrcPort: 4000, DstPort: 4000},
	}
	if err := netlink.ConntrackCreate(netlink.ConntrackTable, unix.AF_INET, flow); err != nil {
		t.Fatal(err)
	}
	flows := func() (n int) {
		all, err := netlink.ConntrackTableList(netlink.ConntrackTable, unix.AF_INET)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			if c.Forward.SrcIP.Equal(s.Addr.AsSlice()) {
				n++
			}
		}
		return n
	}
	sent := commandsTo(r.conn)
	rejoin := func(former, next ovpn.CID, token, ip string) {
		t.Helper()
		client, now := session.Client{Instance: r.instance, CID: former}, session.Uptime()
		f.ep.sessions.Hear(client, 100, now)
		f.ep.sessions.Hear(client, 100, now+20*time.Second)
		if got := f.continues(t, r, next, device("AB", token, "linux", ip)); got != id {
			t.Fatalf("client %d would continue %q, want %s", next, got, id)
		}
		if _, err := f.grantAgain(t, r, next, 0, func(d *vpn.LoginDecision) { d.Connection, d.Session = id, s.Session }); err != nil {
			t.Fatal(err)
		}
		f.send(r, ovpn.Established{CID: next, Env: device("AB", token, "linux", ip)})
		f.check(t)
	}
	rejoin(1, 2, "t2", "192.0.2.1")
	if n := flows(); n != 1 {
		t.Errorf("%d flows are left to a client from the same address, want 1", n)
	}
	rejoin(2, 3, "t3", "192.0.2.77")
	if n := flows(); n != 0 {
		t.Errorf("%d flows are left to a client from another address", n)
	}
	eventually(t, "the former clients are told", func() bool {
		return sent(`client-kill 1 "RESTART,[P]`) == 1 && sent(`client-kill 2 "RESTART,[P]`) == 1
	})
	f.send(r, ovpn.Connect{CID: 4, Env: ovpn.NewEnv(map[string]string{"common_name": "alice", "tls_digest_sha256_0": "AB", "session_id": "t3", "session_state": string(ovpn.SessionAuthenticatedEmptyUser)})})
	eventually(t, "the client of a connection that a token continues is told", func() bool { return sent(`client-kill 3 "RESTART,[P]`) == 1 })
}
