package webtest

import (
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Fixture is a console on which the tutorial was followed, through its forms.
type Fixture struct {
	*Site
	Admin                     *Browser // signed in as the administrator
	Network                   string   // path of its page, as the other ones
	ZoneA, ZoneB              string   // subnet IDs
	Authority, Server, Client string
	Endpoint                  string
}

// NewEndpoint makes a console with an endpoint without a target network.
func NewEndpoint(t testing.TB) *Fixture {
	t.Helper()
	s := NewWithAccounts(t)
	b := s.SignIn(t, Administrator)
	u := &Fixture{Site: s, Admin: b}
	u.Network = b.Create("/networks/new", url.Values{"name": {"office"}, "cidrs": {"10.0.0.0/16\n10.1.0.0/16"}})
	b.Create(u.Network+"/subnets/new", url.Values{"name": {"office-a"}, "cidr": {"10.0.0.0/24"}, "zone": {"zone-a"}})
	b.Create(u.Network+"/subnets/new", url.Values{"name": {"office-b"}, "cidr": {"10.0.1.0/24"}, "zone": {"zone-b"}})
	u.ZoneA, u.ZoneB = u.Subnet("10.0.0.0/24"), u.Subnet("10.0.1.0/24")
	u.Authority = b.Create("/certificates/authority/new", url.Values{"common_name": {"Example CA"}, "key_type": {"ECDSA P-256"}, "valid_days": {"3650"}})
	u.Server = u.Issue("server", "server")
	u.Client = u.Issue("client", "alice")
	u.Endpoint = b.Create("/endpoints/new", u.EndpointForm("main", "10.20.0.0/22", "443"))
	return u
}

// Issue issues a certificate of the fixture's authority and gives the path of its page.
func (u *Fixture) Issue(use, commonName string) string {
	u.Admin.T.Helper()
	return u.Admin.Create("/certificates/issue", url.Values{
		"use": {use}, "authority": {path.Base(u.Authority)}, "common_name": {commonName}, "key_type": {"ECDSA P-256"},
	})
}

// EndpointForm is the form of a new endpoint, filled in.
func (u *Fixture) EndpointForm(name, cidr, port string) url.Values {
	return url.Values{"name": {name}, "client_cidr": {cidr}, "certificate": {path.Base(u.Server)}, "port": {port}, "mutual": {"on"}, "source_nat": {"on"}}
}

// NewReadyEndpoint makes a console with an endpoint that has a target network and a rule, applied by the
// dataplane.
func NewReadyEndpoint(t testing.TB) *Fixture {
	t.Helper()
	u := NewEndpoint(t)
	u.Admin.Create(u.Endpoint+"/associations/new", url.Values{"network": {path.Base(u.Network)}, "subnet": {u.ZoneA}})
	u.Admin.Create(u.Endpoint+"/rules/new", url.Values{"destination": {"10.0.0.0/16"}, "access": {"all"}})
	u.SetApplied(t)
	return u
}

// Create posts a form that must succeed and gives the path that it redirects to.
func (b *Browser) Create(form string, v url.Values) string {
	b.T.Helper()
	p := b.Post(form, v)
	if p.Status != http.StatusSeeOther {
		b.T.Fatalf("POST %s: got %d, want 303: %s", form, p.Status, p.Text("main"))
	}
	return p.Header.Get("Location")
}

// Subnet finds the ID of a subnet by its range on the page of the network.
func (u *Fixture) Subnet(cidr string) string {
	u.Admin.T.Helper()
	row := u.Admin.Get(u.Network).Row(cidr)
	return strings.TrimSpace(row.Doc.Find("code").First().Text())
}

// Row is the table row that has the text, as a page of its own.
func (p Page) Row(text string) Page {
	p.T.Helper()
	row := p.Doc.Find("tbody tr").FilterFunction(func(_ int, s *goquery.Selection) bool { return strings.Contains(s.Text(), text) })
	if row.Length() != 1 {
		p.T.Fatalf("%d rows have %q, want 1: %s", row.Length(), text, p.Text("main"))
	}
	html, err := row.Html()
	if err != nil {
		p.T.Fatal(err)
	}
	return Document(p.T, "<table><tr>"+html+"</tr></table>")
}

// ID is the ID of the endpoint.
func (u *Fixture) ID() vpn.EndpointID { return vpn.EndpointID(path.Base(u.Endpoint)) }

// Stored reads the endpoint from the database.
func (u *Fixture) Stored(t testing.TB) vpn.Endpoint {
	t.Helper()
	var e vpn.Endpoint
	u.Update(t, func(tx *store.Tx) (err error) { e, err = tx.Endpoint(t.Context(), u.ID()); return err })
	return e
}

// Update runs a transaction on the database.
func (s *Site) Update(t testing.TB, f func(*store.Tx) error) {
	t.Helper()
	if err := s.Kit.Store.Update(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// stillCurrent is when a report was seen that stays current (vpn.ObservationLife) while a test runs, on a busy machine too: a little
// ahead, as by a clock that was corrected since (control.ClockSlack).
func stillCurrent() time.Time { return time.Now().Add(control.ClockSlack - time.Minute) }

// SetApplied stores the report of a dataplane that has applied everything, with the faults.
func (u *Fixture) SetApplied(t testing.TB, faults ...vpn.Fault) {
	t.Helper()
	e := u.Stored(t)
	u.Update(t, func(tx *store.Tx) error {
		return tx.SaveObservation(t.Context(), vpn.Observation{
			Endpoint: e.ID, Node: "node-1", Applied: e.Generation, SeenAt: stillCurrent(), Faults: faults,
		})
	})
}

// SetWays is SetApplied with the ways by which the host reaches the target networks.
func (u *Fixture) SetWays(t testing.TB, ways ...vpn.Way) {
	t.Helper()
	e := u.Stored(t)
	u.Update(t, func(tx *store.Tx) error {
		return tx.SaveObservation(t.Context(), vpn.Observation{Endpoint: e.ID, Node: "node-1", Applied: e.Generation, SeenAt: stillCurrent(), Ways: ways})
	})
}

// Associations reads the target network associations of the endpoint.
func (u *Fixture) Associations(t testing.TB) (list []vpn.Association) {
	t.Helper()
	u.Update(t, func(tx *store.Tx) (err error) { list, err = tx.AssociationsOf(t.Context(), u.ID()); return err })
	return list
}

// Connect stores a connection of a user.
func (u *Fixture) Connect(t testing.TB, username, clientIP string, status vpn.ConnectionStatus) vpn.Connection {
	t.Helper()
	c := vpn.Connection{
		ID: vpn.NewConnectionID(), Endpoint: u.ID(), Session: vpn.NewSessionID(), Node: "node-1", Status: status,
		Username: username, CommonName: username, Serial: "1", ClientIP: netip.MustParseAddr(clientIP),
		Device: netip.MustParseAddrPort("198.51.100.7:40000"), Platform: "linux", ClientVersion: "2.6.14", EstablishedAt: time.Now().Add(-time.Hour),
	}
	if status == vpn.ConnectionTerminated {
		c.EndedAt, c.EndReason = time.Now(), "The client left."
	}
	u.Update(t, func(tx *store.Tx) error { return tx.CreateConnection(t.Context(), c) })
	return c
}

// Digest is the text of everything that an administrator can change: equal digests show that a refused
// change changed nothing.
func (s *Site) Digest(t testing.TB) string {
	t.Helper()
	b := s.SignIn(t, Administrator)
	var all strings.Builder
	read := func(path string) Page {
		p := b.Get(path)
		p.Doc.Find("time").Remove() // "12 seconds ago" changes by itself
		return p
	}
	for _, path := range []string{"/networks", "/certificates", "/endpoints"} {
		p := read(path)
		all.WriteString(p.Text("table") + "\n")
		p.Doc.Find("tbody a").Each(func(_ int, a *goquery.Selection) {
			href, _ := a.Attr("href")
			all.WriteString(read(href).Text("dl, table") + "\n")
			if strings.HasPrefix(href, "/endpoints/") {
				for _, tab := range []string{"/associations", "/rules", "/routes"} {
					all.WriteString(read(href+tab).Text("tbody") + "\n")
				}
			}
		})
	}
	return all.String()
}
