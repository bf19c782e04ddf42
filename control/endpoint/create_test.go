package endpoint_test

import (
	"testing"

	"sallyport/vpn"
)

// Bad input is refused with a sentence for its field, and changes nothing.
func TestCreateIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	expired := s.expiredCertificate()
	spec := func(f func(*vpn.EndpointSpec)) vpn.EndpointSpec {
		x := vpn.EndpointSpec{Name: "new", ClientCIDR: "10.40.0.0/22", Certificate: s.Server.ID, ClientCA: s.CA.ID, Port: "1200", ClientOptions: vpn.DefaultOptions()}
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
