package dataplane

import (
	"net/netip"
	"reflect"
	"testing"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
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
// have.
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
	// Those that have returned were told; a process that takes over asks the others once more.
	for _, s := range f.ep.sessions.Select(nil) {
		f.send(r, ovpn.Connect{CID: ovpn.CID(n) + s.CID, Env: env("alice", s.Token, ovpn.SessionAuthenticated)})
		f.send(r, ovpn.Established{CID: ovpn.CID(n) + s.CID})
	}
	second(n)
	if told := f.ep.sessions.Select(func(s *session.Session) bool { return s.Told == f.desired().Generation }); len(told) != n {
		t.Errorf("%d of %d clients are known to have been told", len(told), n)
	}
}
