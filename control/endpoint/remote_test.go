package endpoint_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/control/controltest"
	"sallyport/control/endpoint"
	"sallyport/vpn"
)

// fakeResolver knows the names that a test gives it.
type fakeResolver struct {
	names  map[string][]netip.Addr
	asked  int
	before func()
}

func (r *fakeResolver) Lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	r.asked++
	if r.before != nil {
		r.before()
	}
	if a, ok := r.names[name]; ok && ctx.Err() == nil {
		return a, nil
	}
	return nil, errors.New("no such host")
}

func (*fakeResolver) HostAddresses() ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("192.0.2.10")}, nil
}

func (s *site) named(r endpoint.Resolver, settings control.Settings) controltest.Services {
	return s.NewServices(controltest.Options{Settings: &settings, Resolver: r})
}

// The name in profiles is the public name, or the endpoint's name in the VPN domain, or this host's
// address, with a sentence on what is wrong with it. remote-random-hostname needs a proven wildcard.
func TestPublicName(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	own, foreign := []netip.Addr{netip.MustParseAddr("192.0.2.10")}, []netip.Addr{netip.MustParseAddr("198.51.100.1")}
	id := string(s.Endpoint.ID)
	for name, c := range map[string]struct {
		settings      control.Settings
		names         map[string][]netip.Addr
		remote, words string
		random        bool
	}{
		"resolves to this host": {control.Settings{Given: controltest.Given("public_name", "vpn.test")}, map[string][]netip.Addr{"vpn.test": own}, "vpn.test", "", false},
		"wildcard": {control.Settings{Given: controltest.Given("public_name", "vpn.test")},
			map[string][]netip.Addr{"vpn.test": own, "sallyport-wildcard-check.vpn.test": own}, "vpn.test", "", true},
		"resolves elsewhere": {control.Settings{Given: controltest.Given("public_name", "vpn.test")}, map[string][]netip.Addr{"vpn.test": foreign}, "vpn.test", "not an address of this host", false},
		"does not resolve":   {control.Settings{Given: controltest.Given("public_name", "vpn.test")}, nil, "vpn.test", "cannot be resolved", false},
		"address of ours":    {control.Settings{Given: controltest.Given("public_name", "192.0.2.10")}, nil, "192.0.2.10", "", false},
		"address elsewhere":  {control.Settings{Given: controltest.Given("public_name", "192.0.2.99")}, nil, "192.0.2.99", "not an address of this host", false},
		"domain":             {control.Settings{Given: controltest.Given("vpn_domain", "vpn.test")}, map[string][]netip.Addr{id + ".vpn.test": own}, id + ".vpn.test", "", false},
		"name before domain": {control.Settings{Given: controltest.Given("public_name", "a.test", "vpn_domain", "vpn.test")}, map[string][]netip.Addr{"a.test": own}, "a.test", "", false},
		"fallback":           {control.Settings{FallbackAddress: "192.0.2.10"}, nil, "192.0.2.10", "Set the public name", false},
		"nothing":            {control.Settings{}, nil, "", "Set the public name", false},
	} {
		x := s.named(&fakeResolver{names: c.names}, c.settings)
		v, err := x.Endpoints.Endpoint(t.Context(), s.Admin, s.Endpoint.ID)
		s.Must(err)
		if v.Remote != c.remote || (v.RemoteWarning == "") != (c.words == "") || !strings.Contains(v.RemoteWarning, c.words) {
			t.Errorf("%s: got %q, %q", name, v.Remote, v.RemoteWarning)
		}
		file, err := x.Endpoints.ClientConfiguration(t.Context(), s.Admin, s.Endpoint.ID, "")
		if c.remote == "" {
			s.WantKind(name, err, vpn.Conflict, "Set the public name")
			continue
		}
		s.Must(err)
		if !strings.Contains(file.Text, "remote "+c.remote+" 443\n") || strings.Contains(file.Text, "remote-random-hostname") != c.random {
			t.Errorf("%s: got\n%s", name, file.Text)
		}
	}
}

// Without a name, profiles have the address that the endpoint listens on, if it is one address.
func TestNameOfAnEndpointOnOneAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	e, err := s.Endpoints.CreateEndpoint(t.Context(), s.Admin, vpn.EndpointSpec{
		Name: "one", ClientCIDR: "10.61.0.0/22", Certificate: s.Server.ID, ClientCA: s.CA.ID, Port: "1301", ListenAddr: "192.0.2.20", Mutual: true, ClientOptions: vpn.DefaultOptions(),
	})
	s.Must(err)
	for name, settings := range map[string]control.Settings{
		"192.0.2.20": {FallbackAddress: "192.0.2.10"},
		"vpn.test":   {FallbackAddress: "192.0.2.10", Given: controltest.Given("public_name", "vpn.test")},
	} {
		v, err := s.named(&fakeResolver{}, settings).Endpoints.Endpoint(t.Context(), s.Admin, e.ID)
		s.Must(err)
		if v.Remote != name {
			t.Errorf("the name is %s, want %s", v.Remote, name)
		}
	}
}

// Name servers are asked once a minute; a request that was cancelled is not kept as an answer.
func TestNamesAreRemembered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := &fakeResolver{names: map[string][]netip.Addr{"vpn.test": {netip.MustParseAddr("192.0.2.10")}}}
	x := s.named(r, control.Settings{Given: controltest.Given("public_name", "vpn.test")})
	ctx, cancel := context.WithCancel(t.Context())
	r.before = cancel
	_, _ = x.Endpoints.Endpoint(ctx, s.Admin, s.Endpoint.ID)
	r.before = nil
	v, err := x.Endpoints.Endpoint(t.Context(), s.Admin, s.Endpoint.ID)
	if err != nil || v.RemoteWarning != "" || r.asked != 2 {
		t.Errorf("after a closed page: %q, %v, asked %d times", v.RemoteWarning, err, r.asked)
	}
	for range 3 {
		_, err = x.Endpoints.Endpoint(t.Context(), s.Admin, s.Endpoint.ID)
		s.Must(err)
	}
	if r.asked != 2 {
		t.Errorf("asked %d times", r.asked)
	}
	s.Clock.Pass(time.Minute)
	_, err = x.Endpoints.Endpoint(t.Context(), s.Admin, s.Endpoint.ID)
	s.Must(err)
	if r.asked != 3 {
		t.Errorf("asked %d times after a minute", r.asked)
	}
}
