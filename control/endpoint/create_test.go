package endpoint_test

import (
	"net/netip"
	"testing"

	"sallyport/control/controltest"
	"sallyport/vpn"
)

// Bad input is refused with a sentence for its field, and changes nothing.
func TestCreateIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	expired := s.expiredCertificate()
	spec := func(f func(*vpn.EndpointSpec)) vpn.EndpointSpec {
		x := vpn.EndpointSpec{Name: "new", ClientCIDR: "10.40.0.0/22", Certificate: s.Server.ID, ClientCA: s.CA.ID, Port: "1200", Mutual: true, ClientOptions: vpn.DefaultOptions()}
		f(&x)
		return x
	}
	endpoint := func(f func(*vpn.EndpointSpec)) func() error {
		return func() error { _, err := s.Endpoints.CreateEndpoint(ctx, s.Admin, spec(f)); return err }
	}
	for _, c := range []struct {
		what, field string
		run         func() error
	}{
		{"endpoint of /23", "client_cidr", endpoint(func(x *vpn.EndpointSpec) { x.ClientCIDR = "10.40.0.0/23" })},
		{"endpoint of /11", "client_cidr", endpoint(func(x *vpn.EndpointSpec) { x.ClientCIDR = "10.32.0.0/11" })},
		{"endpoint with host bits", "client_cidr", endpoint(func(x *vpn.EndpointSpec) { x.ClientCIDR = "10.40.0.1/22" })},
		{"endpoint that overlaps another", "client_cidr", endpoint(func(x *vpn.EndpointSpec) { x.ClientCIDR = "10.20.0.0/22" })},
		{"endpoint that overlaps a network", "client_cidr", endpoint(func(x *vpn.EndpointSpec) { x.ClientCIDR = "10.0.4.0/22" })},
		{"a taken port", "port", endpoint(func(x *vpn.EndpointSpec) { x.Port = "443" })},
		{"no certificate", "certificate", endpoint(func(x *vpn.EndpointSpec) { x.Certificate = "" })},
		{"a certificate that is not there", "certificate", endpoint(func(x *vpn.EndpointSpec) { x.Certificate = "cert-gone" })},
		{"an authority as server", "certificate", endpoint(func(x *vpn.EndpointSpec) { x.Certificate = s.CA.ID })},
		{"an expired certificate", "certificate", endpoint(func(x *vpn.EndpointSpec) { x.Certificate = expired.ID })},
		{"another server's authority", "client_ca", endpoint(func(x *vpn.EndpointSpec) { x.ClientCA = expired.ID })},
	} {
		s.WantBadInput(c.what, c.field, c.run)
	}
}

// expiredCertificate is a server certificate of the site's authority that has expired.
func (s *site) expiredCertificate() vpn.Certificate {
	s.T.Helper()
	c := s.Issue(vpn.UseServer, "old.example.test")
	s.Exec("UPDATE certificate SET not_after = 1 WHERE id = '" + string(c.ID) + "'")
	return c
}

// A new endpoint is checked against the host, together with the other checks; a dataplane that does not answer refuses
// nothing.
func TestCreateAsksTheHost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	create := func(x vpn.EndpointSpec) error {
		x.Certificate, x.Mutual, x.ClientCA, x.ClientOptions = s.Server.ID, true, s.CA.ID, vpn.DefaultOptions()
		_, err := s.Endpoints.CreateEndpoint(t.Context(), s.Admin, x)
		return err
	}
	var refused vpn.Check
	refused.Bad("listen_addr", "This host has no address 192.0.2.77 to listen on.")
	s.Dataplane.Do(func() { s.Dataplane.RefusePlace = refused.Err() })
	fields := vpn.FieldsOf(create(vpn.EndpointSpec{ClientCIDR: "10.0.4.0/22", ListenAddr: "192.0.2.77", Port: "1200"}))
	if fields["listen_addr"] == "" || fields["client_cidr"] != "10.0.4.0/22 overlaps with 10.0.0.0/16 of network "+s.Network.Label()+"." {
		t.Errorf("got %v", fields)
	}
	last := s.Dataplane.Places[len(s.Dataplane.Places)-1]
	if last.Address.String() != "192.0.2.77" || last.ClientCIDR.String() != "10.0.4.0/22" {
		t.Errorf("the host was asked for %+v", last)
	}
	s.Dataplane.Do(func() { s.Dataplane.Down, s.Dataplane.RefusePlace = controltest.ErrDown, nil })
	s.Must(create(vpn.EndpointSpec{ClientCIDR: "10.40.0.0/22", ListenAddr: "192.0.2.77", Port: "1200"}))
}

// The form proposes a range that the host has no address in and no route to, within the ranges of the host policy.
func TestProposedRange(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	propose := func(h vpn.Host) string {
		t.Helper()
		s.Dataplane.Do(func() { s.Dataplane.Machine = h })
		c, err := s.Endpoints.EndpointChoices(t.Context(), s.Admin, "")
		if err != nil || !c.HostKnown {
			t.Fatalf("got %+v, %v", c, err)
		}
		return c.FreeCIDR
	}
	if got := propose(vpn.Host{Used: []netip.Prefix{netip.MustParsePrefix("10.128.0.0/20")}}); got != "10.128.16.0/22" {
		t.Errorf("beside the host's routes: %s", got)
	}
	if got := propose(vpn.Host{ClientRanges: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")}}); got != "10.20.4.0/22" {
		t.Errorf("within the policy's ranges: %s", got)
	}
}
