package dataplane

import (
	"net/netip"
	"reflect"
	"testing"

	"sallyport/dataplane/journal"
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
	"sallyport/vpn/vpntest"
)

// Clients are told something else by exactly the changes of options that are announced as learnt with the next
// connection.
func TestPushesAreThoseAnnounced(t *testing.T) {
	t.Parallel()
	s := session.Session{Addr: netip.MustParseAddr("10.20.0.2"), Association: "a"}
	base := vpn.Desired{
		ClientCIDR:   netip.MustParsePrefix("10.20.0.0/22"),
		Associations: []vpn.DesiredAssociation{{ID: "a", Routes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}}},
	}
	announced := 0
	for i := range reflect.TypeFor[vpn.ClientOptions]().NumField() {
		for _, before := range []vpn.ClientOptions{
			{}, {SplitTunnel: true}, {DNSEnabled: true}, {DNS1: netip.MustParseAddr("10.0.0.2")},
			{BannerEnabled: true}, {Banner: "Welcome"}, {SplitTunnel: true, DNSEnabled: true, BannerEnabled: true, IPv6Outside: true},
		} {
			after := before
			name := vpntest.FillField(&after, i)
			was, is := base, base
			was.ClientOptions, is.ClientOptions = before, after
			tells := !reflect.DeepEqual(directives(was, s), directives(is, s))
			effect := vpn.EffectOf(vpn.Side{Endpoint: vpn.Endpoint{ClientOptions: before}}, vpn.Side{Endpoint: vpn.Endpoint{ClientOptions: after}})
			if tells != (len(effect.Next) > 0) {
				t.Errorf("%s, from %+v: clients are told something else: %t, announced: %v", name, before, tells, effect.Next)
			}
			announced += len(effect.Next)
		}
	}
	if announced == 0 {
		t.Error("nothing is announced")
	}
}

// Clients that were told an outdated state are asked to connect again, so many in a second, each once, until they
// have, over a restart of this process too.
func TestOutdatedClientsReconnectPaced(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777d", "10.39.0.0/22")
	r := f.runs[0]
	n := vpn.ReconnectPace + 3
	for i := range n {
		id := vpn.NewConnectionID()
		if err := f.logIn(r, ovpn.CID(i), "alice", string(id), id); err != nil {
			t.Fatal(err)
		}
		f.send(r, ovpn.Established{CID: ovpn.CID(i)})
	}
	sent := commandsTo(r.conn)
	asked := func() int { return sent("client-kill ") }
	second := func(want int) {
		t.Helper()
		f.inOwn(f.ep.reconnectSome)
		eventually(t, "the clients are asked", func() bool { return asked() == want })
	}
	second(0)
	f.inOwn(func() {
		f.ep.state.desired.Generation++
		f.ep.state.desired.PushGeneration = f.ep.state.desired.Generation
	})
	second(0) // it is not in effect yet
	f.ep.applied.Store(f.desired().Generation)
	second(vpn.ReconnectPace)
	second(n)
	second(n)
	for _, s := range f.ep.sessions.Select(nil) {
		if s.Away() {
			t.Errorf("%s is away before its client left", s.Connection)
		}
	}
	// Some return, and are told. The process that takes over reads of them in the journal, and asks the others again.
	const returned = 5
	for i := range returned {
		s, _ := f.ep.sessions.ByClient(session.Client{Instance: r.instance, CID: ovpn.CID(i)})
		f.send(r, ovpn.Connect{CID: ovpn.CID(n + i), Env: env("alice", s.Token, ovpn.SessionAuthenticated)})
		f.send(r, ovpn.Established{CID: ovpn.CID(n + i)})
	}
	second(n)
	kept, err := journal.Read[session.Session](f.journal, journal.Sessions)
	if err != nil || len(kept) != n {
		t.Fatalf("the journal has %d sessions, %v", len(kept), err)
	}
	var status ovpn.Status
	f.inOwn(func() {
		f.ep.sessions = session.NewTable(f.ep.clientCIDR, vpn.AllBlocks(), f.now)
		for _, s := range kept {
			if !f.ep.sessions.Adopt(s) {
				t.Errorf("%s is not adopted", s.Connection)
			}
			status.Clients = append(status.Clients, ovpn.StatusClient{CID: s.CID, Addr: s.Addr})
		}
	})
	f.send(r, worker.Resumed{Status: status})
	second(n + n - returned)
	second(n + n - returned)
}
