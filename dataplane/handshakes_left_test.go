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

// A client without a certificate that waited longer than a handshake may take, and is refused, has the time to hear of it,
// also in a worker that is full. One that does not ask for it is ended, and is not listed a second time.
func TestRefusedClientsAreNoHandshakes(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777776e", "10.37.0.0/22")
	r := f.runs[0]
	sent := commandsTo(r.conn)
	now := time.Now()
	status := ovpn.Status{At: now}
	listed := func(cid ovpn.CID) {
		status.Clients = append(status.Clients, ovpn.StatusClient{
			CID: cid, CommonName: unnamed, In: 100, Since: now.Add(-time.Minute), Peer: netip.MustParseAddrPort(fmt.Sprintf("192.0.2.7:%d", cid)),
		})
	}
	denied := f.browserLogin(t, r, 1, "192.0.2.1")
	late := f.browserLogin(t, r, 2, "192.0.2.1")
	f.browserLogin(t, r, 3, "192.0.2.1") // leaves; the list is older
	listed(9)                            // a handshake that was left
	for cid := range ovpn.CID(4) {
		listed(cid + 1)
	}
	ago := func(d time.Duration) {
		f.inOwn(func() {
			for c := range f.ep.state.asked {
				f.ep.state.asked[c] -= d
			}
		})
	}
	ago(time.Minute) // the directory was slow
	f.send(r, ovpn.Connect{CID: 4, Env: env("bob", "t", ovpn.SessionExpired)})
	if err := f.Decide(t.Context(), []vpn.LoginDecision{{ID: denied, Code: vpn.CodeUserBlocked, Reason: "Your access is blocked."}}); err != nil {
		t.Fatal(err)
	}
	if err := f.Pend(t.Context(), []vpn.LoginPending{f.pendingFor(late, time.Millisecond)}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "three are refused", func() bool { return sent("client-deny ") == 3 })
	f.send(r, ovpn.Disconnect{CID: 3})
	f.send(r, worker.Listed{Status: status, Full: true})
	eventually(t, "the handshake is ended", func() bool { return sent("kill 192.0.2.7:9") == 1 })
	if n := sent("kill "); n != 1 {
		t.Errorf("%d were ended, want the handshake alone", n)
	}

	ago(answerTime)
	status.Clients = status.Clients[1:3]
	f.send(r, worker.Listed{Status: status})
	eventually(t, "those that did not ask are ended", func() bool { return sent("kill 192.0.2.7:1") == 1 && sent("kill 192.0.2.7:2") == 1 })
	f.inOwn(func() {
		if n := len(f.ep.state.asked); n != 2 {
			t.Errorf("%d clients are remembered, want those that the worker has", n)
		}
	})
	listed(10) // what is reported of it comes after what would be of the others
	status.Clients = status.Clients[2:]
	f.send(r, worker.Listed{Status: status})
	eventually(t, "the handshakes alone are listed as such", func() bool { return refusedWith(f, vpn.CodeHandshakeFailed) >= 2 })
	if n := refusedWith(f, vpn.CodeHandshakeFailed); n != 2 {
		t.Errorf("%d handshakes are listed, want 2", n)
	}
}
