package lab

import (
	"database/sql"
	"encoding/json"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	_ "github.com/glebarez/go-sqlite" // reads the program's database

	"sallyport/vpn"
)

// connectionRow is a line of the tab Connections as a person reads it.
type connectionRow struct {
	id, user, status, clientIP, device string
	in, packetsIn, out, packetsOut     string
}

func words(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

// connections reads the tab Connections.
func (s *site) connections() []connectionRow {
	s.console.t.Helper()
	var out []connectionRow
	for _, tr := range s.get(s.endpoint + "/connections?size=100").doc.Find("form tbody tr").EachIter() {
		td := tr.Find("td")
		if td.Length() < 8 {
			continue
		}
		own := func(i int) string { c := td.Eq(i).Clone(); c.Find("div").Remove(); return words(c) }
		below := func(i int) string { return words(td.Eq(i).Find("div").First()) }
		out = append(out, connectionRow{
			user: own(1), id: below(1), status: words(td.Eq(2)), clientIP: own(3), device: below(4),
			in: own(6), packetsIn: below(6), out: own(7), packetsOut: below(7),
		})
	}
	return out
}

// live gives the connections that are active.
func (s *site) live() []connectionRow {
	s.console.t.Helper()
	var out []connectionRow
	for _, c := range s.connections() {
		if strings.HasPrefix(c.status, "active") {
			out = append(out, c)
		}
	}
	return out
}

// connection finds the newest line with a client address.
func (s *site) connection(addr netip.Addr) (connectionRow, bool) {
	s.console.t.Helper()
	for _, c := range s.connections() {
		if c.clientIP == addr.String() {
			return c, true
		}
	}
	return connectionRow{}, false
}

// refused gives the lines of "Refused attempts", newest first.
func (s *site) refused() []string {
	s.console.t.Helper()
	var out []string
	for _, tr := range s.get(s.endpoint + "/connections").doc.Find("#attempts tbody tr").EachIter() {
		out = append(out, words(tr))
	}
	return out
}

// kernelCounters asks nft itself what it counted for a client.
func (s *site) kernelCounters(t testing.TB, client netip.Addr) vpn.Counters {
	t.Helper()
	count := func(set string) (bytes, packets uint64) {
		raw, err := s.topology.gateway.exec("nft", "-j", "list", "set", "inet", "sallyport", set).Output()
		if err != nil {
			t.Fatalf("nft list set %s: %v", set, err)
		}
		var listing struct {
			Nftables []struct {
				Set struct {
					Elem []struct {
						Elem struct {
							Val     string
							Counter struct{ Bytes, Packets uint64 }
						}
					}
				}
			}
		}
		if err := json.Unmarshal(raw, &listing); err != nil {
			t.Fatal(err)
		}
		for _, object := range listing.Nftables {
			for _, e := range object.Set.Elem {
				if e.Elem.Val == client.String() {
					return e.Elem.Counter.Bytes, e.Elem.Counter.Packets
				}
			}
		}
		t.Fatalf("the kernel does not count %s in %s: %s", client, set, raw)
		return 0, 0
	}
	var c vpn.Counters
	c.BytesIn, c.PacketsIn = count("sent")
	c.BytesOut, c.PacketsOut = count("received")
	return c
}

// audited gives subject and before of every audit record of an action, oldest first.
func (g *gateway) audited(t testing.TB, action string) [][2]string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(g.dir, "data/sallyport.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), "SELECT subject, before FROM audit WHERE action = ? ORDER BY id", action)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out [][2]string
	for rows.Next() {
		var r [2]string
		if err := rows.Scan(&r[0], &r[1]); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
