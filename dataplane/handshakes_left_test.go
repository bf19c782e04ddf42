package dataplane

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// Handshakes that were begun and left are ended, sooner in a worker that is full; clients whose login waits
// or whose tunnel is up are not, and neither are those that have just begun.
func TestHandshakesThatWereLeftEnd(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	f.logInUp(t, r, 1, "alice", "t1")
	f.send(r, ovpn.Connect{CID: 2, Env: env("bob", "t2", ovpn.SessionInitial)})
	now := time.Now()
	status := ovpn.Status{At: now}
	listed := func(cid ovpn.CID, name string, age time.Duration, in uint64) {
		status.Clients = append(status.Clients, ovpn.StatusClient{
			CID: cid, CommonName: name, In: in, Since: now.Add(-age), Peer: netip.MustParseAddrPort(fmt.Sprintf("192.0.2.7:%d", cid)),
		})
	}
	listed(1, unnamed, time.Hour, 100)
	listed(2, unnamed, time.Hour, 100)
	listed(3, "carol", time.Hour, 100)
	listed(4, unnamed, handshakeTime, 100)
	listed(5, unnamed, handshakeTimeFull, 100)
	listed(6, unnamed, time.Second, 100)
	listed(7, unnamed, time.Minute, 0) // TCP
	sent := commandsTo(r.conn)
	f.send(r, worker.Listed{Status: status})
	eventually(t, "two are ended", func() bool { return sent("kill 192.0.2.7:4") == 1 && sent("kill 192.0.2.7:7") == 1 })
	f.send(r, worker.Listed{Status: status, Full: true})
	eventually(t, "another is ended", func() bool { return sent("kill 192.0.2.7:5") == 1 && sent("kill 192.0.2.7:7") == 2 })
	if n := sent("kill "); n != 5 {
		t.Errorf("%d clients were ended in all, want 2 and 3", n)
	}
	var refused []vpn.RefusedAttempt
	eventually(t, "those that sent something are reported", func() bool {
		refused = nil
		for _, ev := range f.events.Unacknowledged() {
			if ev.Refused != nil {
				refused = append(refused, *ev.Refused)
			}
		}
		return len(refused) == 3
	})
	if got := refused[0]; got.Code != vpn.CodeHandshakeFailed || got.Reason != "The client did not complete the TLS handshake within 30 seconds." {
		t.Errorf("reported as %+v", got)
	}
}
