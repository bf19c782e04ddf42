package store

import (
	"context"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"sallyport/vpn"
	"sallyport/vpn/vpntest"
)

// entity is how a type of package vpn gets into the database and out of it.
type entity[T any] struct {
	// identity sets the ID, what refers to other rows, and what a save never changes. It is called with a filled
	// value and with a bare one, which is created first and then saved over with the filled one.
	identity     func(v *T, filled bool)
	create, save func(context.Context, *Tx, T) error // save is nil where rows never change
	read         func(context.Context, *Tx, T) (T, error)
	immutable    []string // fields that a save leaves as they are, beside the ID
	notStored    []string // fields without a column
}

// check writes a value in which no field is zero and compares what is read: a field that a mapping forgets, or
// exchanges with another, is different.
func (e entity[T]) check(t *testing.T, s *Store) {
	t.Helper()
	filled := e.filled()
	if zero := vpntest.Zero(filled); !slices.Equal(zero, e.notStored) {
		t.Fatalf("%T: zero fields %v, want only %v", filled, zero, e.notStored)
	}
	update(t, s, func(ctx context.Context, x *Tx) error { return e.create(ctx, x, filled) })
	e.wantStored(t, s, "created", filled)
	if e.save == nil {
		return
	}
	var bare T
	e.identity(&bare, false)
	update(t, s, func(ctx context.Context, x *Tx) error { return e.create(ctx, x, bare) })
	again := e.filled()
	for _, name := range append([]string{"ID"}, e.immutable...) {
		reflect.ValueOf(&again).Elem().FieldByName(name).Set(reflect.ValueOf(bare).FieldByName(name))
	}
	update(t, s, func(ctx context.Context, x *Tx) error { return e.save(ctx, x, again) })
	e.wantStored(t, s, "saved", again)
}

func (e entity[T]) filled() T {
	v := vpntest.Filled[T]()
	e.identity(&v, true)
	for _, name := range e.notStored {
		reflect.ValueOf(&v).Elem().FieldByName(name).SetZero()
	}
	return v
}

func (e entity[T]) wantStored(t *testing.T, s *Store, what string, want T) {
	t.Helper()
	view(t, s, func(ctx context.Context, x *Tx) error {
		got, err := e.read(ctx, x, want)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%T %s:\n got %+v\nwant %+v", want, what, got, want)
		}
		return nil
	})
}

// Every field of every type that is stored is found again after it was created, and after it was saved.
func testEveryField(t *testing.T, s *Store) {
	f := stored(t, s)
	id := 0
	next := func(prefix string) string { id++; return prefix + strconv.Itoa(id) }

	entity[vpn.Network]{
		identity:  func(v *vpn.Network, _ bool) { v.ID = vpn.NetworkID(next("vpc-")) },
		create:    func(ctx context.Context, x *Tx, n vpn.Network) error { return x.CreateNetwork(ctx, n) },
		save:      func(ctx context.Context, x *Tx, n vpn.Network) error { return x.SaveNetwork(ctx, n) },
		read:      func(ctx context.Context, x *Tx, n vpn.Network) (vpn.Network, error) { return x.Network(ctx, n.ID) },
		immutable: []string{"CreatedAt"},
	}.check(t, s)
	entity[vpn.Subnet]{
		identity: func(v *vpn.Subnet, filled bool) {
			v.ID, v.Network, v.CIDR = vpn.SubnetID(next("subnet-")), f.network.ID, prefix("10.77.0.0/24")
			if filled {
				v.CIDR = prefix("10.77.1.0/24")
			}
		},
		create:    func(ctx context.Context, x *Tx, v vpn.Subnet) error { return x.CreateSubnet(ctx, v) },
		save:      func(ctx context.Context, x *Tx, v vpn.Subnet) error { return x.SaveSubnet(ctx, v) },
		read:      func(ctx context.Context, x *Tx, v vpn.Subnet) (vpn.Subnet, error) { return x.Subnet(ctx, v.ID) },
		immutable: []string{"Network", "CIDR", "Zone", "CreatedAt"},
	}.check(t, s)
	entity[vpn.Probe]{
		identity: func(v *vpn.Probe, _ bool) { v.Subnet = f.a.ID },
		create:   func(ctx context.Context, x *Tx, v vpn.Probe) error { return x.SaveProbe(ctx, v) },
		read: func(ctx context.Context, x *Tx, v vpn.Probe) (vpn.Probe, error) {
			all, err := x.Probes(ctx, v.Subnet, "other")
			return all[v.Subnet], err
		},
	}.check(t, s)
	entity[vpn.Certificate]{
		identity: func(v *vpn.Certificate, _ bool) { v.Authority = f.authority.ID },
		create:   func(ctx context.Context, x *Tx, v vpn.Certificate) error { return x.CreateCertificate(ctx, v, "key") },
		read: func(ctx context.Context, x *Tx, v vpn.Certificate) (vpn.Certificate, error) {
			return x.Certificate(ctx, v.ID)
		},
	}.check(t, s)
	entity[vpn.Endpoint]{
		identity: func(v *vpn.Endpoint, filled bool) {
			v.ID, v.Certificate, v.ClientCA, v.Directory, v.Listen.Transport = vpn.EndpointID(next("cvpn-endpoint-")), f.authority.ID, f.authority.ID, "", vpn.UDP
			v.SecondCA = ""
			v.SAML, v.PortalSAML = "", ""
			v.ClientCIDR = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(id), 0, 0}), 22) // belongs to one endpoint
			if filled {
				v.SecondCA = f.server.ID
				v.Certificate, v.Network, v.Directory = f.server.ID, f.network.ID, f.directory.ID
				v.SAML, v.PortalSAML = f.saml.ID, f.saml.ID
				v.Listen.Port += uint16(id) // of one port there is one endpoint
			}
		},
		create:    func(ctx context.Context, x *Tx, v vpn.Endpoint) error { return x.CreateEndpoint(ctx, v) },
		save:      func(ctx context.Context, x *Tx, v vpn.Endpoint) error { return x.SaveEndpoint(ctx, v) },
		read:      func(ctx context.Context, x *Tx, v vpn.Endpoint) (vpn.Endpoint, error) { return x.Endpoint(ctx, v.ID) },
		immutable: []string{"ClientCIDR", "CreatedAt"},
	}.check(t, s)
	entity[vpn.Observation]{
		identity: func(v *vpn.Observation, _ bool) { v.Endpoint = f.endpoint.ID },
		create:   func(ctx context.Context, x *Tx, v vpn.Observation) error { return x.SaveObservation(ctx, v) },
		read: func(ctx context.Context, x *Tx, v vpn.Observation) (vpn.Observation, error) {
			all, err := x.Observations(ctx, v.Endpoint)
			return all[v.Endpoint], err
		},
		notStored: []string{"Fresh", "Untested"}, // control compares SeenAt with its clock, and adds the doubts
	}.check(t, s)
	entity[vpn.Association]{
		identity: func(v *vpn.Association, filled bool) {
			v.ID, v.Endpoint, v.Network, v.Subnet = vpn.AssociationID(next("cvpn-assoc-")), f.endpoint.ID, f.network.ID, f.b.ID
			if filled {
				v.Subnet = f.a.ID
			}
		},
		create: func(ctx context.Context, x *Tx, v vpn.Association) error { return x.CreateAssociation(ctx, v) },
		save:   func(ctx context.Context, x *Tx, v vpn.Association) error { return x.SaveAssociation(ctx, v) },
		read: func(ctx context.Context, x *Tx, v vpn.Association) (vpn.Association, error) {
			return x.Association(ctx, v.ID)
		},
		immutable: []string{"Endpoint", "CreatedAt"},
	}.check(t, s)
	entity[vpn.Rule]{
		identity:  func(v *vpn.Rule, _ bool) { v.ID, v.Endpoint = vpn.RuleID(next("cvpn-rule-")), f.endpoint.ID },
		create:    func(ctx context.Context, x *Tx, v vpn.Rule) error { return x.CreateRule(ctx, v) },
		save:      func(ctx context.Context, x *Tx, v vpn.Rule) error { return x.SaveRule(ctx, v) },
		read:      func(ctx context.Context, x *Tx, v vpn.Rule) (vpn.Rule, error) { return x.Rule(ctx, v.ID) },
		immutable: []string{"Endpoint", "CreatedAt"},
	}.check(t, s)
	entity[vpn.Route]{
		identity: func(v *vpn.Route, filled bool) {
			v.ID, v.Endpoint = vpn.RouteID(next("cvpn-route-")), f.endpoint.ID
			if filled {
				v.Association, v.Subnet = f.firstAssoc.ID, f.a.ID
			}
		},
		create:    func(ctx context.Context, x *Tx, v vpn.Route) error { return x.CreateRoute(ctx, v) },
		save:      func(ctx context.Context, x *Tx, v vpn.Route) error { return x.SaveRoute(ctx, v) },
		read:      func(ctx context.Context, x *Tx, v vpn.Route) (vpn.Route, error) { return x.Route(ctx, v.ID) },
		immutable: []string{"Endpoint", "CreatedAt"},
	}.check(t, s)
	entity[vpn.Connection]{
		identity: func(v *vpn.Connection, _ bool) { v.ID = vpn.ConnectionID(next("cvpn-connection-")) },
		create:   func(ctx context.Context, x *Tx, v vpn.Connection) error { return x.CreateConnection(ctx, v) },
		save:     func(ctx context.Context, x *Tx, v vpn.Connection) error { return x.SaveConnection(ctx, v) },
		read: func(ctx context.Context, x *Tx, v vpn.Connection) (vpn.Connection, error) {
			return x.Connection(ctx, v.ID)
		},
	}.check(t, s)
	entity[vpn.Session]{
		identity: func(v *vpn.Session, _ bool) { v.ID, v.Endpoint = vpn.SessionID(next("session-")), f.endpoint.ID },
		create:   func(ctx context.Context, x *Tx, v vpn.Session) error { return x.CreateVPNSession(ctx, v) },
		save:     func(ctx context.Context, x *Tx, v vpn.Session) error { return x.SaveVPNSession(ctx, v) },
		read: func(ctx context.Context, x *Tx, v vpn.Session) (vpn.Session, error) {
			return x.VPNSession(ctx, v.ID)
		},
		immutable: []string{"Endpoint"},
	}.check(t, s)
	entity[vpn.CertificateBlock]{
		identity: func(*vpn.CertificateBlock, bool) {},
		create: func(ctx context.Context, x *Tx, v vpn.CertificateBlock) error {
			return x.CreateCertificateBlock(ctx, v)
		},
		read: func(ctx context.Context, x *Tx, v vpn.CertificateBlock) (vpn.CertificateBlock, error) {
			return x.CertificateBlock(ctx, v.Fingerprint)
		},
	}.check(t, s)
	entity[vpn.Revocation]{
		identity: func(*vpn.Revocation, bool) {},
		create: func(ctx context.Context, x *Tx, v vpn.Revocation) error {
			if err := x.SaveRevocationList(ctx, vpn.RevocationList{IssuerKey: v.IssuerKey}, nil); err != nil {
				return err
			}
			return x.SaveRevocations(ctx, v)
		},
		read: func(ctx context.Context, x *Tx, v vpn.Revocation) (vpn.Revocation, error) {
			got, err := x.Revocation(ctx, v.CertificateNumber)
			got.IssuerID = v.IssuerID // the key of its issuer is known
			return got, err
		},
	}.check(t, s)
	entity[vpn.ConfigurationLink]{
		identity: func(v *vpn.ConfigurationLink, _ bool) { v.Endpoint = f.endpoint.ID },
		create: func(ctx context.Context, x *Tx, v vpn.ConfigurationLink) error {
			return x.CreateConfigurationLink(ctx, v)
		},
		read: func(ctx context.Context, x *Tx, v vpn.ConfigurationLink) (vpn.ConfigurationLink, error) {
			return x.ConfigurationLinkOf(ctx, v.Digest)
		},
	}.check(t, s)
	entity[vpn.RevocationList]{
		identity: func(*vpn.RevocationList, bool) {},
		create:   func(ctx context.Context, x *Tx, v vpn.RevocationList) error { return x.SaveRevocationList(ctx, v, nil) },
		read: func(ctx context.Context, x *Tx, v vpn.RevocationList) (vpn.RevocationList, error) {
			return x.RevocationList(ctx, v.IssuerKey)
		},
	}.check(t, s)
	entity[vpn.Attempt]{
		identity: func(v *vpn.Attempt, _ bool) { v.Endpoint = f.endpoint.ID },
		create: func(ctx context.Context, x *Tx, v vpn.Attempt) error {
			return x.CreateAttempt(ctx, v.RefusedAttempt, v.At)
		},
		read: func(ctx context.Context, x *Tx, v vpn.Attempt) (vpn.Attempt, error) {
			list, err := x.Attempts(ctx, v.Endpoint, 1)
			got := first(list)
			got.Number = v.Number    // the database gives it
			if got.First == got.At { // one attempt is the first and the last
				got.First = v.First
			}
			return got, err
		},
	}.check(t, s)
	entity[vpn.Administrator]{
		identity: func(v *vpn.Administrator, _ bool) {
			v.ID = vpn.AdministratorID(next("admin-"))
			v.Username += string(v.ID)
		},
		create: func(ctx context.Context, x *Tx, v vpn.Administrator) error { return x.CreateAdministrator(ctx, v) },
		save:   func(ctx context.Context, x *Tx, v vpn.Administrator) error { return x.SaveAdministrator(ctx, v) },
		read: func(ctx context.Context, x *Tx, v vpn.Administrator) (vpn.Administrator, error) {
			got, err := x.Administrator(ctx, v.ID)
			if got.Version == v.Version+1 { // a save counts the version
				got.Version = v.Version
			}
			return got, err
		},
		immutable: []string{"CreatedAt", "Version"},
	}.check(t, s)
	owner := vpn.Administrator{ID: "admin-owner", Username: "owner"}
	update(t, s, func(ctx context.Context, x *Tx) error { return x.CreateAdministrator(ctx, owner) })
	entity[vpn.WebSession]{
		identity: func(v *vpn.WebSession, _ bool) { v.Administrator = owner.ID },
		create:   func(ctx context.Context, x *Tx, v vpn.WebSession) error { return x.CreateSession(ctx, v) },
		read: func(ctx context.Context, x *Tx, v vpn.WebSession) (vpn.WebSession, error) {
			return x.Session(ctx, v.Hash)
		},
	}.check(t, s)
	entity[vpn.Device]{
		identity: func(v *vpn.Device, _ bool) { v.ID = vpn.NewDeviceID() },
		create:   func(ctx context.Context, x *Tx, v vpn.Device) error { return x.CreateDevice(ctx, v) },
		read: func(ctx context.Context, x *Tx, v vpn.Device) (vpn.Device, error) {
			return x.DeviceOf(ctx, v.UserRef, v.ID)
		},
	}.check(t, s)
	entity[vpn.PortalSession]{
		identity: func(v *vpn.PortalSession, filled bool) {
			if !filled {
				v.Groups = nil
			}
		},
		create: func(ctx context.Context, x *Tx, v vpn.PortalSession) error { return x.CreatePortalSession(ctx, v) },
		read: func(ctx context.Context, x *Tx, v vpn.PortalSession) (vpn.PortalSession, error) {
			return x.PortalSessionOf(ctx, v.UserRef, v.ID)
		},
	}.check(t, s)
	entity[vpn.UserReport]{
		identity: func(v *vpn.UserReport, _ bool) { v.ID = vpn.UserReportID(next("report-")) },
		create:   func(ctx context.Context, x *Tx, v vpn.UserReport) error { return x.CreateUserReport(ctx, v) },
		read: func(ctx context.Context, x *Tx, v vpn.UserReport) (vpn.UserReport, error) {
			return x.UserReport(ctx, v.ID)
		},
	}.check(t, s)
	entity[vpn.Installer]{
		identity: func(v *vpn.Installer, _ bool) { v.Platform = vpn.Windows },
		create:   func(ctx context.Context, x *Tx, v vpn.Installer) error { return x.SaveInstaller(ctx, v) },
		read: func(ctx context.Context, x *Tx, v vpn.Installer) (vpn.Installer, error) {
			return x.Installer(ctx, v.Platform)
		},
	}.check(t, s)
	entity[vpn.Branding]{
		identity: func(*vpn.Branding, bool) {},
		create:   func(ctx context.Context, x *Tx, v vpn.Branding) error { return x.SaveBranding(ctx, v, []byte("png")) },
		read:     func(ctx context.Context, x *Tx, v vpn.Branding) (vpn.Branding, error) { return x.Branding(ctx) },
	}.check(t, s)
	entity[vpn.ProfileDownload]{
		identity: func(v *vpn.ProfileDownload, _ bool) { v.Endpoint = f.endpoint.ID },
		create:   func(ctx context.Context, x *Tx, v vpn.ProfileDownload) error { return x.CreateProfileDownload(ctx, v) },
		read: func(ctx context.Context, x *Tx, v vpn.ProfileDownload) (vpn.ProfileDownload, error) {
			list, err := x.ProfileDownloads(ctx, v.Endpoint, 1)
			return first(list), err
		},
	}.check(t, s)
	entity[vpn.AuditRecord]{
		identity: func(*vpn.AuditRecord, bool) {},
		create:   func(ctx context.Context, x *Tx, v vpn.AuditRecord) error { return x.Audit(ctx, v) },
		read: func(ctx context.Context, x *Tx, v vpn.AuditRecord) (vpn.AuditRecord, error) {
			page, err := x.AuditRecords(ctx, vpn.List{})
			got := first(page.Items)
			got.ID = v.ID // the database numbers the records
			return got, err
		},
	}.check(t, s)
}

func first[T any](list []T) (v T) {
	if len(list) > 0 {
		v = list[0]
	}
	return v
}
