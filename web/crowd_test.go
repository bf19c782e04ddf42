package web_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

// crowd is a console whose lists have a given number of rows.
type crowd struct {
	b       *webtest.Browser
	rows    int
	queries *atomic.Int64

	endpoints int
	at        time.Time // when the first row was made
	network   string    // path of the one with all the subnets
	endpoint  string    // path of the one with all the connections
	authority string    // path of the one with all the revocations
}

func newCrowd(t testing.TB, rows int) *crowd {
	t.Helper()
	return newCrowdOn(t, "", rows, min(rows, 60))
}

// newCrowdOn makes a console on a database, whose lists have rows; the lists of parts have at most 60.
func newCrowdOn(t testing.TB, dsn string, rows, endpoints int) *crowd {
	t.Helper()
	s, queries := webtest.NewOn(t, dsn)
	c := &crowd{b: s.SignIn(t, webtest.Administrator), rows: rows, endpoints: endpoints, queries: queries, at: time.Now().Add(-24 * time.Hour)}
	u := &webtest.Fixture{Site: s, Admin: c.b}
	c.network = c.b.Create("/networks/new", url.Values{"name": {"big"}, "cidrs": {"10.0.0.0/8"}})
	u.Network = c.network
	u.Authority = c.b.Create("/certificates/authority/new", url.Values{"common_name": {"Crowd CA"}, "key_type": {"ECDSA P-256"}, "valid_days": {"3650"}})
	u.Server = u.Issue("server", "server")
	c.authority = u.Authority
	c.endpoint = c.b.Create("/endpoints/new", u.EndpointForm("main", "100.64.0.0/16", "443"))
	u.Endpoint = c.endpoint
	c.b.Create(c.network+"/subnets/new", url.Values{"name": {"first"}, "cidr": {"10.255.0.0/24"}, "zone": {"zone-a"}})
	c.b.Create(c.endpoint+"/associations/new", url.Values{"subnet": {u.Subnet("10.255.0.0/24")}})
	u.Update(t, func(tx *store.Tx) error { return c.fill(t.Context(), tx, u) })
	u.SetApplied(t)
	return c
}

// fill writes to the database directly: the forms would take hours.
func (c *crowd) fill(ctx context.Context, tx *store.Tx, u *webtest.Fixture) error {
	at := c.at
	big, authority := vpn.NetworkID(lastOf(c.network)), vpn.CertificateID(lastOf(u.Authority))
	var clients []vpn.Connection
	pem := "-----BEGIN CERTIFICATE-----\n" + strings.Repeat("MIIBszCCAVmgAwIBAgIUQb0000000000000000000000000000000000000000000\n", 12) + "-----END CERTIFICATE-----\n"
	for i := range c.rows {
		when := at.Add(time.Duration(i) * time.Millisecond)
		address := netip.AddrFrom4([4]byte{100, 64, byte(i >> 8), byte(i)})
		client := vpn.Connection{
			ID: vpn.NewConnectionID(), Endpoint: u.ID(), Session: vpn.NewSessionID(), Node: "node-1", Status: vpn.ConnectionTerminated, Serial: "1",
			Username: fmt.Sprintf("user%05d", i%7000), CommonName: fmt.Sprintf("user%05d", i%7000), ClientIP: address,
			Device: netip.AddrPortFrom(address, 40000), Platform: "linux", EstablishedAt: when, EndedAt: when.Add(time.Hour),
		}
		if i%1000 == 0 {
			client.Status, client.EndedAt = vpn.ConnectionActive, time.Time{}
		}
		if clients = append(clients, client); len(clients) == 500 || i == c.rows-1 {
			if err := tx.CreateConnection(ctx, clients...); err != nil {
				return err
			}
			clients = clients[:0]
		}
		if c.endpoints > 60 && i >= 60 {
			continue // the many rows are those of connections
		}
		first := uint32(10<<24 | i<<5)
		subnet := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(first >> 24), byte(first >> 16), byte(first >> 8), byte(first)}), 27)
		for _, err := range []error{
			tx.CreateNetwork(ctx, vpn.Network{ID: vpn.NewNetworkID(), Name: fmt.Sprintf("net %06d", i), CIDRs: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/24")}, CreatedAt: when, Version: 1}),
			tx.CreateSubnet(ctx, vpn.Subnet{ID: vpn.NewSubnetID(), Network: big, Name: fmt.Sprintf("sub %06d", i), CIDR: subnet, Zone: fmt.Sprintf("zone-%d", i%5), CreatedAt: when}),
			tx.CreateCertificate(ctx, vpn.Certificate{
				ID: vpn.NewCertificateID(), Name: fmt.Sprintf("client %06d", i), CommonName: fmt.Sprintf("client-%06d", i), Use: vpn.UseClient, Authority: authority,
				Serial: fmt.Sprint(i), NotBefore: at, NotAfter: at.AddDate(1, 0, 0), PEM: pem, CreatedAt: when,
			}, "key"),
			tx.CreateAdministrator(ctx, vpn.Administrator{ID: vpn.NewAdministratorID(), Username: fmt.Sprintf("admin%06d", i), Role: vpn.RoleReadOnly, PasswordHash: "none", CreatedAt: when, Version: 1}),
			tx.Audit(ctx, vpn.AuditRecord{At: when, Actor: webtest.Administrator, Action: "CreateVpc", Subject: string(big), Result: "ok"}),
		} {
			if err != nil {
				return err
			}
		}
	}
	ended := vpn.Connection{
		ID: vpn.NewConnectionID(), Endpoint: u.ID(), Session: vpn.NewSessionID(), Node: "node-1", Status: vpn.ConnectionTerminated,
		Username: "first", ClientIP: netip.MustParseAddr("100.64.0.9"), EstablishedAt: at, EndedAt: at,
	}
	if err := tx.CreateConnection(ctx, ended); err != nil {
		return err
	}
	if err := c.fillParts(ctx, tx, u); err != nil {
		return err
	}
	if err := c.fillFiles(ctx, tx, u); err != nil {
		return err
	}
	if err := c.fillRevocations(ctx, tx, u); err != nil {
		return err
	}
	for i := range min(c.rows, vpn.MaxRules) {
		destination := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24)
		if err := tx.CreateRule(ctx, vpn.Rule{ID: vpn.NewRuleID(), Endpoint: u.ID(), Destination: destination, AllUsers: true, CreatedAt: at, Generations: vpn.Generations{Added: 1}}); err != nil {
			return err
		}
	}
	return nil
}

// fillParts makes endpoints like the first one, and parts of it.
func (c *crowd) fillParts(ctx context.Context, tx *store.Tx, u *webtest.Fixture) error {
	e, err := tx.Endpoint(ctx, u.ID())
	if err != nil {
		return err
	}
	for i := range c.endpoints {
		other := e
		other.ID, other.Name, other.Listen.Port = vpn.NewEndpointID(), fmt.Sprintf("endpoint %04d", i), uint16(2000+i)
		other.ClientCIDR = netip.PrefixFrom(netip.AddrFrom4([4]byte{11, byte(i >> 6), byte(i << 2), 0}), 22)
		if err := tx.CreateEndpoint(ctx, other); err != nil {
			return err
		}
	}
	for i := range min(c.rows, 60) {
		source := netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}), 4000)
		subnet := vpn.Subnet{
			ID: vpn.NewSubnetID(), Network: vpn.NetworkID(lastOf(c.network)), Name: fmt.Sprintf("target %d", i),
			CIDR: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 254, byte(i), 0}), 24), Zone: fmt.Sprintf("target-%d", i), CreatedAt: c.at,
		}
		association := vpn.Association{
			ID: vpn.NewAssociationID(), Endpoint: e.ID, Network: subnet.Network, Subnet: subnet.ID, CIDR: subnet.CIDR, Zone: subnet.Zone, CreatedAt: c.at,
			Generations: vpn.Generations{Added: 1},
		}
		for _, err := range []error{
			tx.CreateSubnet(ctx, subnet),
			tx.CreateAssociation(ctx, association),
			tx.CreateRoute(ctx, vpn.Route{
				ID: vpn.NewRouteID(), Endpoint: e.ID, Association: association.ID, Subnet: subnet.ID, CreatedAt: c.at, Generations: vpn.Generations{Added: 1},
				Destination: netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 16, byte(i), 0}), 24), Origin: vpn.OriginAddRoute,
			}),
			tx.CreateAttempt(ctx, vpn.RefusedAttempt{Endpoint: e.ID, Device: source, CommonName: fmt.Sprintf("mallory%d", i), Reason: "The certificate has expired."}, c.at),
			tx.SeeUser(ctx, vpn.Sighting{
				UserRef: vpn.UserRef{Provider: "d-0123456789", Key: fmt.Sprint(i)}, Name: fmt.Sprintf("user%d@example.com", i), At: c.at,
				Groups: []vpn.Group{{ID: "S-1-5-7", Name: "staff"}, {ID: fmt.Sprintf("S-1-5-7-%d", i), Name: fmt.Sprintf("team %d", i)}},
			}),
			tx.CreateCertificateBlock(ctx, vpn.CertificateBlock{Fingerprint: fmt.Sprintf("%064x", i), Serial: fmt.Sprint(i), CommonName: "blocked", By: webtest.Administrator, At: c.at}),
		} {
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// fillFiles makes devices of users, downloads and one-time links.
func (c *crowd) fillFiles(ctx context.Context, tx *store.Tx, u *webtest.Fixture) error {
	for i := range min(c.rows, 60) {
		user := vpn.UserRef{Provider: "d-0123456789", Key: fmt.Sprint(i)}
		for _, err := range []error{
			tx.CreateDevice(ctx, vpn.Device{
				ID: vpn.NewDeviceID(), UserRef: user, UserName: fmt.Sprintf("user%d@example.com", i), Endpoint: u.ID(), Name: "laptop", Authority: vpn.CertificateID(lastOf(u.Authority)),
				Serial: fmt.Sprint(1_000_000 + i), Fingerprint: fmt.Sprintf("%064x", i), NotBefore: c.at, NotAfter: c.at.AddDate(1, 0, 0), CreatedAt: c.at,
			}),
			tx.CreateProfileDownload(ctx, vpn.ProfileDownload{Endpoint: u.ID(), Revision: fmt.Sprint(i % 3), By: user.Key, User: user, At: c.at}),
			tx.CreateConfigurationLink(ctx, vpn.ConfigurationLink{
				ID: vpn.ConfigurationLinkID(fmt.Sprintf("link-%017x", i)), Digest: fmt.Sprintf("%064x", i), Endpoint: u.ID(), Client: "alice",
				MadeBy: webtest.Administrator, MadeAt: c.at, EndsAt: c.at.AddDate(0, 0, 7),
			}),
		} {
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// fillRevocations makes the revocation list of the authority, of as many entries as an authority may have at most.
func (c *crowd) fillRevocations(ctx context.Context, tx *store.Tx, u *webtest.Fixture) error {
	authority, err := tx.Certificate(ctx, vpn.CertificateID(lastOf(u.Authority)))
	if err != nil {
		return err
	}
	var entries []vpn.Revocation
	for i := range min(c.rows, vpn.MaxRevocationEntries) {
		entries = append(entries, vpn.Revocation{
			CertificateNumber: vpn.CertificateNumber{IssuerKey: authority.KeyDigest(), Serial: fmt.Sprint(2_000_000 + i)},
			Reason:            vpn.ReasonUnspecified, At: c.at, By: webtest.Administrator, CommonName: fmt.Sprintf("revoked-%06d", i),
		})
	}
	list := vpn.RevocationList{IssuerKey: authority.KeyDigest(), Authority: authority.CommonName, Entries: len(entries), Unsigned: true, SavedAt: c.at}
	if err := tx.SaveRevocationList(ctx, list, nil); err != nil {
		return err
	}
	return tx.SaveRevocations(ctx, entries...)
}

func lastOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// load requests a page and gives how long that took.
func (c *crowd) load(t testing.TB, path string) time.Duration {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.b.Site.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	answer, err := c.b.Client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: got %d, want 200", path, answer.StatusCode)
	}
	return time.Since(began)
}

// pages are the lists, first, deep, searched and filtered, and the forms with their choices.
func (c *crowd) pages() map[string]string {
	last := fmt.Sprintf("?page=%d", max(1, c.rows/vpn.DefaultPageSize))
	half := fmt.Sprintf(`["ended_at",%d,%d]`, c.at.Add(time.Hour+time.Duration(c.rows/2)*time.Millisecond).UnixMicro(), c.rows)
	deep := "&after=" + base64.RawURLEncoding.EncodeToString([]byte(half))
	return map[string]string{
		"start":                   "/",
		"networks":                "/networks",
		"networks deep":           "/networks" + last,
		"networks search":         "/networks?q=net+00001",
		"networks by age":         "/networks?sort=created_at&dir=desc",
		"subnets":                 c.network,
		"subnets deep":            c.network + last,
		"subnets search":          c.network + "?q=sub+00001",
		"users":                   "/users",
		"users by name":           "/users?sort=name&provider=certificate",
		"groups":                  "/users/groups",
		"certificates":            "/certificates",
		"certificates deep":       "/certificates" + last,
		"certificates search":     "/certificates?q=client-00001",
		"certificates of a use":   "/certificates?use=client",
		"certificates by expiry":  "/certificates?sort=not_after",
		"administrators":          "/administrators",
		"administrators deep":     "/administrators" + last,
		"administrators search":   "/administrators?q=admin00001",
		"endpoints":               "/endpoints",
		"endpoints by state":      "/endpoints?sort=state",
		"endpoints of a tag":      "/endpoints?tag=team",
		"endpoints filter":        "/endpoints?state=available&sort=connections&dir=desc",
		"details":                 c.endpoint,
		"associations":            c.endpoint + "/associations",
		"rules":                   c.endpoint + "/rules",
		"rules search":            c.endpoint + "/rules?q=10.0.1",
		"routes":                  c.endpoint + "/routes",
		"connections":             c.endpoint + "/connections",
		"connections deep":        c.endpoint + "/connections?view=ended" + deep,
		"connections search":      c.endpoint + "/connections?view=ended&q=user00001",
		"connections active":      c.endpoint + "/connections?sort=in",
		"connections by user":     c.endpoint + "/connections?view=ended&sort=username",
		"all connections":         "/connections",
		"all connections ended":   "/connections?view=ended",
		"all connections deep":    "/connections?view=ended" + deep,
		"all connections search":  "/connections?view=ended&q=user00001",
		"all connections refused": "/connections?view=refused",
		"form endpoint":           "/endpoints/new",
		"form edit":               c.endpoint + "/edit",
		"form association":        c.endpoint + "/associations/new",
		"form association find":   c.endpoint + "/associations/new?find=sub+00001",
		"form issue":              "/certificates/issue",
		"form configuration":      c.endpoint + "/configuration",
		"form configuration find": c.endpoint + "/configuration?find=client-00001",
		"form rule":               c.endpoint + "/rules/new",
		"form route":              c.endpoint + "/routes/new",
		"form network":            c.network + "/edit",
		"getting started":         "/getting-started",
		"quick start":             "/quick-start",
		"search":                  "/search?q=client-00001",
		"search an address":       "/search?q=10.0.1.7",
		"rules of an address":     c.endpoint + "/rules?q=10.0.1.7",
		"access":                  c.endpoint + "/test-access?destination=10.254.0.7",
		"revocations":             c.authority + "/revocation-list",
		"revocations deep":        c.authority + "/revocation-list?page=2",
		"certificates revoked":    "/certificates?state=revoked",
		"devices":                 "/devices",
		"downloads":               "/self-service-portal/downloads",
	}
}
