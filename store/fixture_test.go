package store

import (
	"context"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"sallyport/vpn"
	"sallyport/vpn/vpntest"
)

// at is a time in another zone than UTC, with as much precision as is stored.
var at = time.Date(2026, 11, 20, 10, 0, 0, 123456000, time.FixedZone("CET", 3600))

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// fixture has one of each row that other rows refer to.
type fixture struct {
	network    vpn.Network
	a, b       vpn.Subnet
	authority  vpn.Certificate
	server     vpn.Certificate
	endpoint   vpn.Endpoint
	firstAssoc vpn.Association
	directory  vpn.Directory
	saml       vpn.SAMLProvider
}

func newFixture() fixture {
	f := fixture{}
	f.network = vpn.Network{
		ID: vpn.NewNetworkID(), Name: "Büro", Description: "Main building", CIDRs: []netip.Prefix{prefix("10.1.0.0/16"), prefix("9.0.0.0/8")},
		Tags: []vpn.Tag{{Key: "team", Value: "a/b"}}, CreatedAt: at, Version: 3,
	}
	f.a = vpn.Subnet{ID: vpn.NewSubnetID(), Network: f.network.ID, Name: "Alpha", Description: "Second floor", CIDR: prefix("10.1.2.0/24"), Zone: "zone-b",
		Tags: []vpn.Tag{{Key: "team", Value: "ops"}}, CreatedAt: at, Version: 2}
	f.b = vpn.Subnet{ID: vpn.NewSubnetID(), Network: f.network.ID, Name: "beta", CIDR: prefix("9.1.0.0/16"), Zone: "zone-a", CreatedAt: at}
	f.authority = vpn.Certificate{
		ID: vpn.NewCertificateID(), Name: "Our CA", Use: vpn.UseAuthority, CommonName: "ca.example", Issuer: "ca.example", Serial: "1",
		KeyType: string(vpn.ECDSAP256), NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), PEM: "PEM-A", CreatedAt: at,
	}
	f.server = vpn.Certificate{
		ID: vpn.NewCertificateID(), Name: "Server", Use: vpn.UseServer, Authority: f.authority.ID, CommonName: "VPN.example",
		DNSNames: []string{"vpn.example", "*.vpn.example"}, Issuer: "ca.example", Serial: "340282366920938463463374607431768211455",
		Fingerprint: "AA:BB", KeyType: string(vpn.RSA2048), NotBefore: at, NotAfter: at.Add(time.Hour), PEM: "PEM-S", Chain: "PEM-A",
		HasKey: true, KeyTaken: true, CreatedAt: at,
	}
	f.directory = vpn.Directory{
		ID: vpn.NewDirectoryID(), Name: "Staff", Version: 2, CreatedAt: at, DirectoryOptions: vpntest.Filled[vpn.DirectoryOptions](),
	}
	f.saml = vpn.SAMLProvider{ID: vpn.NewSAMLProviderID(), Name: "Company", Version: 1, CreatedAt: at}
	f.endpoint = vpn.Endpoint{
		ID: vpn.NewEndpointID(), Name: "Main", Description: "The one – with a dash", ClientCIDR: prefix("172.20.0.0/16"),
		Listen:      vpn.Listen{Addr: netip.MustParseAddr("192.0.2.1"), Transport: vpn.TCP, Port: 65535},
		Certificate: f.server.ID, ClientCA: f.authority.ID, SecondCA: f.server.ID, Directory: f.directory.ID, SAML: f.saml.ID, PortalSAML: f.saml.ID, SelfServicePortal: true, ClientOptions: vpntest.Filled[vpn.ClientOptions](),
		Network: f.network.ID, NetworkChosen: true, Tags: []vpn.Tag{{Key: "k", Value: "v"}, {Key: "a", Value: ""}}, TLSCrypt: "static key", TokenSecret: "token secret",
		Generation: 1<<63 + 5, PushGeneration: 1<<63 + 4, Deleting: true, CreatedAt: at, Version: 7,
	}
	f.firstAssoc = vpn.Association{
		ID: vpn.NewAssociationID(), Endpoint: f.endpoint.ID, Network: f.network.ID, Subnet: f.a.ID, CIDR: f.a.CIDR, Zone: f.a.Zone,
		CreatedAt: at, Generations: vpn.Generations{Added: 2},
	}
	return f
}

// stored puts the fixture into a database.
func stored(t *testing.T, s *Store) fixture {
	t.Helper()
	f := newFixture()
	update(t, s, f.store)
	return f
}

func (f fixture) store(ctx context.Context, x *Tx) error {
	for _, step := range []func() error{
		func() error { return x.CreateNetwork(ctx, f.network) },
		func() error { return x.CreateSubnet(ctx, f.a) },
		func() error { return x.CreateSubnet(ctx, f.b) },
		func() error { return x.CreateCertificate(ctx, f.authority, "") },
		func() error { return x.CreateCertificate(ctx, f.server, "private key") },
		func() error { return x.CreateDirectory(ctx, f.directory, "bind password") },
		func() error { return x.CreateSAMLProvider(ctx, f.saml, SAMLProviderSecrets{}) },
		func() error { return x.CreateEndpoint(ctx, f.endpoint) },
		func() error { return x.CreateAssociation(ctx, f.firstAssoc) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// same compares what was written with what was read; times are read in UTC.
func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	utc(reflect.ValueOf(&want).Elem())
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func utc(v reflect.Value) {
	if stamp, ok := v.Interface().(time.Time); ok {
		v.Set(reflect.ValueOf(stamp.UTC()))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				utc(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			utc(v.Index(i))
		}
	}
}

// full fails where a field of a struct is zero: a roundtrip of zeros proves nothing.
func full(t *testing.T, v any, except ...string) {
	t.Helper()
	r := reflect.ValueOf(v)
fields:
	for i := range r.NumField() {
		for _, name := range except {
			if r.Type().Field(i).Name == name {
				continue fields
			}
		}
		if r.Field(i).IsZero() {
			t.Errorf("%T.%s is zero in the test", v, r.Type().Field(i).Name)
		}
	}
}

// must gives the result of a call, or ends the test.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func names[T any](items []T, name func(T) string) []string {
	out := make([]string, len(items))
	for i, x := range items {
		out[i] = name(x)
	}
	return out
}
