package controltest

import (
	"errors"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"sallyport/control/certificate"
	"sallyport/control/endpoint"
	"sallyport/store"
	"sallyport/vpn"
)

// Site is everything that the tutorial leads to, up to an endpoint with a target network.
type Site struct {
	*Kit
	Network           vpn.Network
	A, B, Spare       vpn.Subnet // in zone-a and zone-b; one that no endpoint uses
	CA, Server, Alice vpn.Certificate
	Endpoint          vpn.Endpoint
	Association       vpn.Association
}

// NewSite makes a site whose endpoint has no target network.
func NewSite(t testing.TB) *Site {
	t.Helper()
	return newSite(t, NewWithAccounts(t))
}

// NewSiteOn makes a site like NewSite on a database (NewOn).
func NewSiteOn(t testing.TB, dsn string) *Site {
	t.Helper()
	kit, _ := NewOn(t, standingClock(), dsn)
	return newSite(t, kit.withAccounts())
}

func newSite(t testing.TB, kit *Kit) *Site {
	t.Helper()
	s := &Site{Kit: kit}
	var err error
	ctx := t.Context()
	s.Network, err = s.Networks.CreateNetwork(ctx, s.Admin, vpn.NetworkSpec{Name: "office", CIDRs: "10.0.0.0/16"})
	s.Must(err)
	s.A, err = s.Networks.CreateSubnet(ctx, s.Admin, s.Network.ID, vpn.SubnetSpec{Name: "a", CIDR: "10.0.1.0/24", Zone: "zone-a"})
	s.Must(err)
	s.B, err = s.Networks.CreateSubnet(ctx, s.Admin, s.Network.ID, vpn.SubnetSpec{Name: "b", CIDR: "10.0.2.0/24", Zone: "zone-b"})
	s.Must(err)
	s.CA, err = s.Certificates.CreateAuthority(ctx, s.Admin, certificate.AuthoritySpec{CommonName: "Our CA", KeyType: vpn.ECDSAP256})
	s.Must(err)
	s.Server = s.Issue(vpn.UseServer, "vpn.example.test")
	s.Alice = s.Issue(vpn.UseClient, "alice")
	s.Endpoint = s.CreateEndpoint("main", "10.20.0.0/22", "")
	return s
}

// NewAssociatedSite makes a site whose endpoint has a target network, which the dataplane has applied.
func NewAssociatedSite(t testing.TB) *Site {
	t.Helper()
	s := NewSite(t)
	s.Association = s.Associate(s.A)
	s.Reconcile()
	return s
}

// Issue makes a certificate of the site's authority.
func (s *Site) Issue(use vpn.CertificateUse, cn string) vpn.Certificate {
	s.T.Helper()
	c, err := s.Certificates.IssueCertificate(s.T.Context(), s.Admin, certificate.IssueSpec{Authority: s.CA.ID, Use: use, CommonName: cn, KeyType: vpn.ECDSAP256})
	s.Must(err)
	return c
}

// CreateEndpoint makes an endpoint.
func (s *Site) CreateEndpoint(name, cidr, port string) vpn.Endpoint {
	s.T.Helper()
	e, err := s.Endpoints.CreateEndpoint(s.T.Context(), s.Admin, vpn.EndpointSpec{Name: name, ClientCIDR: cidr, Certificate: s.Server.ID, ClientCA: s.CA.ID, Port: port, Mutual: true, ClientOptions: vpn.DefaultOptions()})
	s.Must(err)
	return e
}

// AskPasswords adds a directory and has the site's endpoint be one whose users sign in there; mutual: with a certificate too.
func (s *Site) AskPasswords(mutual bool) vpn.Directory {
	s.T.Helper()
	return s.AskAnswers(DirectorySpec(), mutual)
}

// AskAnswers is AskPasswords with a directory of the test's own.
func (s *Site) AskAnswers(directory vpn.DirectorySpec, mutual bool) vpn.Directory {
	s.T.Helper()
	d, err := s.Identity.CreateDirectory(s.T.Context(), s.Admin, directory)
	s.Must(err)
	spec := vpn.EndpointSpec{Name: "users", ClientCIDR: "10.40.0.0/22", Certificate: s.Server.ID, Port: "1194", UserBased: true, Directory: d.ID, ClientOptions: vpn.DefaultOptions()}
	if mutual {
		spec.Mutual, spec.ClientCA = true, s.CA.ID
	}
	s.Endpoint, err = s.Endpoints.CreateEndpoint(s.T.Context(), s.Admin, spec)
	s.Must(err)
	s.Association = s.Associate(s.A)
	s.Reconcile()
	return d
}

// DirectorySpec is a directory as typed.
func DirectorySpec() vpn.DirectorySpec {
	return vpn.DirectorySpec{Name: "Corporate directory", Password: "service", DirectoryOptions: vpn.DirectoryOptions{
		Type: vpn.OpenLDAP, URLs: []string{"ldaps://ldap.example.test"}, BaseDN: "dc=example,dc=test", BindDN: "cn=vpn,dc=example,dc=test",
	}}
}

// RegisterMFADevice gives a user of a directory a confirmed MFA device and returns its key.
func (k *Kit) RegisterMFADevice(d vpn.DirectoryID, user string) vpn.Secret {
	k.T.Helper()
	ctx := k.T.Context()
	device, err := k.Identity.RegisterMFADevice(ctx, k.Admin, d, user)
	k.Must(err)
	_, _, key, err := k.Identity.PendingMFADevice(ctx, k.Admin, d, device.ID)
	k.Must(err)
	_, err = k.Identity.ConfirmMFADevice(ctx, k.Admin, d, device.ID, vpn.TOTP(key, k.Clock.Now()))
	k.Must(err)
	return key
}

// SetPortal enables the self-service portal of the site's endpoint, or disables it.
func (s *Site) SetPortal(enabled bool) {
	s.T.Helper()
	e := s.View().Endpoint
	_, err := s.Endpoints.EditEndpoint(s.T.Context(), s.Admin, e.ID, vpn.EndpointEdit{
		Version: e.Version, Name: e.Name, Certificate: e.Certificate, Port: strconv.Itoa(int(e.Listen.Port)), SelfServicePortal: enabled, ClientOptions: e.ClientOptions,
	})
	s.Must(err)
	s.Endpoint = s.View().Endpoint
}

// Associate makes a subnet a target network of the endpoint.
func (s *Site) Associate(sub vpn.Subnet) vpn.Association {
	s.T.Helper()
	a, err := s.Endpoints.Associate(s.T.Context(), s.Admin, s.Endpoint.ID, endpoint.AssociationSpec{Subnet: sub.ID})
	s.Must(err)
	return a.Association
}

// AddRoute adds a route through each of the subnets.
func (s *Site) AddRoute(destination string, through ...vpn.Subnet) []vpn.Route {
	s.T.Helper()
	spec := vpn.RouteSpec{Destination: destination}
	for _, sub := range through {
		spec.Targets = append(spec.Targets, string(sub.ID))
	}
	added, err := s.Endpoints.CreateRoutes(s.T.Context(), s.Admin, s.Endpoint.ID, spec, vpn.Consent{})
	s.Must(err)
	return added.Routes
}

// Authorize adds a rule for all users.
func (s *Site) Authorize(destination string) vpn.Rule {
	s.T.Helper()
	r, err := s.Endpoints.Authorize(s.T.Context(), s.Admin, s.Endpoint.ID, vpn.RuleSpec{Destination: destination, AllUsers: true})
	s.Must(err)
	return r
}

// Reconcile runs one pass of the reconciler.
func (s *Site) Reconcile() { s.T.Helper(); s.Must(s.Runner.ReconcileOnce(s.T.Context())) }

// View reads the endpoint as its page shows it.
func (s *Site) View() endpoint.View {
	s.T.Helper()
	v, err := s.Endpoints.Endpoint(s.T.Context(), s.Admin, s.Endpoint.ID)
	s.Must(err)
	return v
}

// Connect admits a client: its login is decided and its connection established.
func (s *Site) Connect(cn string) vpn.Connection {
	s.T.Helper()
	s.AddLogins(s.Login(cn))
	d := s.Dataplane.Decisions[len(s.Dataplane.Decisions)-1]
	if !d.Allow {
		s.T.Fatalf("%s is turned away: %s", cn, d.Reason)
	}
	s.AddEvents(vpn.Event{Established: &vpn.Established{Connection: d.Connection, Endpoint: s.Endpoint.ID, Association: s.Association.ID,
		ClientIP: netip.MustParseAddr("10.20.0.2"), Device: netip.MustParseAddrPort("198.51.100.7:40000")}})
	return s.Connection(d.Connection)
}

// Login is a login that waits at the dataplane.
func (s *Site) Login(cn string) *vpn.LoginRequest {
	return &vpn.LoginRequest{ID: "login-" + cn, Endpoint: s.Endpoint.ID, Device: netip.MustParseAddrPort("198.51.100.7:40000"), CommonName: cn,
		Serial: "7", Platform: "linux", Version: "2.6.14", Deadline: time.Now().Add(time.Minute)}
}

// AddLogins adds waiting logins and has them decided.
func (s *Site) AddLogins(rs ...*vpn.LoginRequest) {
	s.T.Helper()
	s.Dataplane.Do(func() {
		for _, r := range rs {
			s.Dataplane.WaitingLogins = append(s.Dataplane.WaitingLogins, *r)
		}
	})
	s.AddEvents()
}

// AddEvents adds events to the dataplane's log, numbered, and has them stored.
func (s *Site) AddEvents(events ...vpn.Event) {
	s.T.Helper()
	s.Dataplane.Do(func() {
		for _, e := range events {
			if e.Epoch == "" {
				e.Epoch = "epoch-1"
			}
			if e.Seq == 0 {
				e.Seq = uint64(len(s.Dataplane.EventLog) + 1)
			}
			e.At = s.Clock.Now()
			s.Dataplane.EventLog = append(s.Dataplane.EventLog, e)
		}
	})
	if err := s.Runner.FollowOnce(s.T.Context()); !errors.Is(err, ErrDown) {
		s.T.Fatalf("reading events: %v", err)
	}
}

// Connection reads a connection.
func (s *Site) Connection(id vpn.ConnectionID) (c vpn.Connection) {
	s.T.Helper()
	s.Must(s.Store.View(s.T.Context(), func(tx *store.Tx) (err error) { c, err = tx.Connection(s.T.Context(), id); return err }))
	return c
}
