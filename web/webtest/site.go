// Package webtest is the kit for tests of the console: the whole of package web over use cases on
// SQLite, browsers, and checks of pages.
package webtest

import (
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"

	"sallyport/control"
	"sallyport/control/access"
	"sallyport/control/controltest"
	"sallyport/handlers/admin"
	"sallyport/vpn"
	"sallyport/web"
)

// Site is the whole console over a real database. The kit has its dataplane and its clock.
type Site struct {
	*httptest.Server
	Kit *controltest.Kit
}

// Services are the kit's use cases as the console takes them.
func (s *Site) Services() admin.Services {
	k := s.Kit
	return admin.Services{
		Core: k.Core, Access: k.Access, Networks: k.Networks, Certificates: k.Certificates, Identity: k.Identity, Users: k.Users, Endpoints: k.Endpoints, Nodes: k.Nodes,
		Settings: k.Settings, Tutorial: k.Tutorial, Search: k.Search, Devices: k.Devices, Branding: k.Branding, Installers: k.Installers, QuickStart: k.QuickStart, Probes: k.Probes,
	}
}

// The accounts of a site, which have the same password.
const (
	Password      = controltest.Password
	Administrator = "admin"
	ReadOnly      = "reader"
)

// Option changes the configuration of the console.
type Option func(*web.Config)

// New starts a console without any administrator, over TLS.
func New(t testing.TB, options ...Option) *Site {
	t.Helper()
	s := NewUnstarted(t, options...)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// NewUnstarted makes a console that the test starts itself.
func NewUnstarted(t testing.TB, options ...Option) *Site {
	t.Helper()
	return newSite(t, controltest.NewWithClock(t, controltest.RunningClock()), options...)
}

// NewOn starts a console with accounts on a database, whose queries are counted; an empty address is a file of its own.
func NewOn(t testing.TB, dsn string) (*Site, *atomic.Int64) {
	t.Helper()
	kit, queries := controltest.NewOn(t, controltest.RunningClock(), dsn)
	s := newSite(t, kit)
	s.StartTLS()
	t.Cleanup(s.Close)
	s.AddAccounts(t)
	return s, queries
}

func newSite(t testing.TB, kit *controltest.Kit, options ...Option) *Site {
	t.Helper()
	kit.Dataplane.Say(vpn.NodeStatus{}, nil)
	kit.Services = kit.NewServices(controltest.Options{Settings: &control.Settings{Given: controltest.Given("public_name", "vpn.example.test"), PublicURL: PublicURL, Version: "test", Reserved: []vpn.Reservation{
		{Owner: "the console", Listen: vpn.Listen{Addr: netip.IPv4Unspecified(), Transport: vpn.TCP, Port: 8443}},
	}}})
	s := &Site{Kit: kit}
	config := web.Config{Services: s.Services(), Log: kit.Core.Log, Now: kit.Clock.Now, SessionLife: controltest.Limits.Absolute}
	for _, o := range options {
		o(&config)
	}
	s.Server = httptest.NewUnstartedServer(web.New(config))
	s.Server.Config.ErrorLog = slog.NewLogLogger(kit.Core.Log.Handler(), slog.LevelDebug)
	return s
}

// NewWithAccounts starts a console with an administrator and a read-only account.
func NewWithAccounts(t testing.TB, options ...Option) *Site {
	t.Helper()
	s := New(t, options...)
	s.AddAccounts(t)
	return s
}

// AddAccounts adds an administrator and a read-only account.
func (s *Site) AddAccounts(t testing.TB) {
	t.Helper()
	token, _, err := s.Kit.Access.NewSetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Kit.Access.CompleteSetup(t.Context(), access.SetupRequest{Token: token, Username: Administrator, Password: Password, Again: Password})
	if err != nil {
		t.Fatal(err)
	}
	by := control.Principal{Kind: control.Administrator, ID: string(signed.Administrator.ID), Name: Administrator, Role: vpn.RoleAdministrator}
	_, err = s.Kit.Access.AddAdministrator(t.Context(), by, access.AdministratorSpec{Username: ReadOnly, Role: vpn.RoleReadOnly, Password: Password, Again: Password})
	if err != nil {
		t.Fatal(err)
	}
}
