package web_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

// tutorial is a console on which the guide's "Getting started" was followed, through its forms.
type tutorial struct {
	*site
	b                         *browser
	network, zoneA, zoneB     string
	authority, server, client string
	endpoint                  string // path of the endpoint
}

// began follows the tutorial up to step 2: an endpoint without a target network.
func began(t testing.TB) *tutorial {
	t.Helper()
	s := staffed(t)
	b := s.as(t, boss)
	u := &tutorial{site: s, b: b}
	u.network = b.make("/networks/new", url.Values{"name": {"office"}, "cidrs": {"10.0.0.0/16\n10.1.0.0/16"}})
	b.make(u.network+"/subnets/new", url.Values{"name": {"office-a"}, "cidr": {"10.0.0.0/24"}, "zone": {"zone-a"}})
	b.make(u.network+"/subnets/new", url.Values{"name": {"office-b"}, "cidr": {"10.0.1.0/24"}, "zone": {"zone-b"}})
	u.zoneA, u.zoneB = u.subnet("10.0.0.0/24"), u.subnet("10.0.1.0/24")
	u.authority = b.make("/certificates/authority/new", url.Values{"common_name": {"Example CA"}, "key_type": {"ECDSA P-256"}, "valid_days": {"3650"}})
	u.server = u.issue("server", "server")
	u.client = u.issue("client", "alice")
	u.endpoint = b.make("/endpoints/new", u.endpointForm("main", "10.20.0.0/22", "443"))
	return u
}

func (u *tutorial) issue(use, commonName string) string {
	u.b.t.Helper()
	return u.b.make("/certificates/issue", url.Values{
		"use": {use}, "authority": {path.Base(u.authority)}, "common_name": {commonName}, "key_type": {"ECDSA P-256"},
	})
}

func (u *tutorial) endpointForm(name, cidr, port string) url.Values {
	return url.Values{"name": {name}, "client_cidr": {cidr}, "certificate": {path.Base(u.server)}, "port": {port}, "authentication": {"mutual"}}
}

// ready follows it to the end: associated, authorized and applied.
func ready(t testing.TB) *tutorial {
	t.Helper()
	u := began(t)
	u.b.make(u.endpoint+"/associations/new", url.Values{"network": {path.Base(u.network)}, "subnet": {u.zoneA}})
	u.b.make(u.endpoint+"/rules/new", url.Values{"destination": {"10.0.0.0/16"}, "access": {"all"}})
	u.applied(t)
	return u
}

// make posts a form that must succeed and gives where it leads.
func (b *browser) make(form string, v url.Values) string {
	b.t.Helper()
	p := b.post(form, v)
	if p.status != http.StatusSeeOther {
		b.t.Fatalf("POST %s: got %d, want 303: %s", form, p.status, p.text("main"))
	}
	return p.header.Get("Location")
}

// subnet finds a subnet's ID by its range, as a person would: on the network's page.
func (u *tutorial) subnet(cidr string) string {
	u.b.t.Helper()
	row := u.b.get(u.network).row(cidr)
	return strings.TrimSpace(row.doc.Find("code").First().Text())
}

// row is the table row that has the text, as a page of its own.
func (p page) row(text string) page {
	p.t.Helper()
	row := p.doc.Find("tbody tr").FilterFunction(func(_ int, s *selection) bool { return strings.Contains(s.Text(), text) })
	if row.Length() != 1 {
		p.t.Fatalf("%d rows have %q, want 1: %s", row.Length(), text, p.text("main"))
	}
	html, err := row.Html()
	if err != nil {
		p.t.Fatal(err)
	}
	return document(p.t, "<table><tr>"+html+"</tr></table>")
}

func (u *tutorial) id() vpn.EndpointID { return vpn.EndpointID(path.Base(u.endpoint)) }

// stored reads the endpoint as the database has it.
func (u *tutorial) stored(t testing.TB) vpn.Endpoint {
	t.Helper()
	var e vpn.Endpoint
	u.update(t, func(tx *store.Tx) (err error) { e, err = tx.Endpoint(t.Context(), u.id()); return err })
	return e
}

func (s *site) update(t testing.TB, f func(*store.Tx) error) {
	t.Helper()
	if err := s.kit.Store.Update(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// applied makes the dataplane have reported that everything is in the kernel, faults aside.
func (u *tutorial) applied(t testing.TB, faults ...vpn.Fault) {
	t.Helper()
	e := u.stored(t)
	u.update(t, func(tx *store.Tx) error {
		return tx.SaveObservation(t.Context(), vpn.Observation{
			Endpoint: e.ID, Node: "node-1", Applied: e.Generation, SeenAt: time.Now(), Faults: faults,
		})
	})
}

// connect makes a user have connected.
func (u *tutorial) connect(t testing.TB, username, clientIP string, status vpn.ConnectionStatus) vpn.Connection {
	t.Helper()
	c := vpn.Connection{
		ID: vpn.NewConnectionID(), Endpoint: u.id(), Session: vpn.NewSessionID(), Node: "node-1", Status: status,
		Username: username, CommonName: username, Serial: "1", ClientIP: netip.MustParseAddr(clientIP),
		Device: netip.MustParseAddrPort("198.51.100.7:40000"), Platform: "linux", ClientVersion: "2.6.14", EstablishedAt: time.Now().Add(-time.Hour),
	}
	if status == vpn.ConnectionTerminated {
		c.EndedAt, c.EndReason = time.Now(), "The client left."
	}
	u.update(t, func(tx *store.Tx) error { return tx.CreateConnection(t.Context(), c) })
	return c
}

// digest is everything an administrator can change, to see that a refusal changed nothing.
func (s *site) digest(t testing.TB) string {
	t.Helper()
	b := s.as(t, boss)
	var all strings.Builder
	for _, path := range []string{"/networks", "/certificates", "/endpoints"} {
		p := b.get(path)
		all.WriteString(p.text("table") + "\n")
		p.doc.Find("tbody a").Each(func(_ int, a *selection) {
			href, _ := a.Attr("href")
			all.WriteString(b.get(href).text("dl, table") + "\n")
			if strings.HasPrefix(href, "/endpoints/") {
				for _, tab := range []string{"/associations", "/rules", "/routes"} {
					all.WriteString(b.get(href+tab).text("tbody") + "\n")
				}
			}
		})
	}
	return all.String()
}
