package lab

import (
	"database/sql"
	"encoding/json"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	_ "github.com/glebarez/go-sqlite" // reads the program's database
	"golang.org/x/net/html"

	"sallyport/lab/gateway"
	"sallyport/vpn"
)

// connectionRow is a row of the tab Connections.
type connectionRow struct {
	id, user, status, clientIP, device string
	in, packetsIn, out, packetsOut     string
}

// words gives the text of an element, with a space between its parts.
func words(s *goquery.Selection) string {
	var out []string
	for _, n := range s.Nodes {
		for d := range n.Descendants() {
			if d.Type == html.TextNode {
				out = append(out, strings.Fields(d.Data)...)
			}
		}
	}
	return strings.Join(out, " ")
}

// What a row of the tab says, in any of its columns.
var (
	rowID      = regexp.MustCompile(`cvpn-connection-[0-9a-f]{17}`)
	rowStatus  = regexp.MustCompile(`(?i)\b(active|terminating|terminated|failed to terminate)\b`)
	rowAddress = regexp.MustCompile(`\d+\.\d+\.\d+\.\d+(:\d+)?`)
	rowTraffic = regexp.MustCompile(`In ([\d.]+ \w+) ([\d,]+ packets?) Out ([\d.]+ \w+) ([\d,]+ packets?)`)
)

// connections reads the tab Connections.
func (s *site) connections() []connectionRow {
	s.T.Helper()
	var out []connectionRow
	seen := map[string]bool{}
	for _, tr := range s.connectionRows() {
		text := words(tr)
		if seen[rowID.FindString(text)] { // it ended between the two views
			continue
		}
		seen[rowID.FindString(text)] = true
		traffic, addrs := rowTraffic.FindStringSubmatch(text), rowAddress.FindAllString(text, 2)
		if traffic == nil || len(addrs) < 2 {
			s.T.Fatalf("a row of Connections cannot be read: %s", text)
		}
		out = append(out, connectionRow{
			id: rowID.FindString(text), user: words(tr.Find("a").First()), status: strings.ToLower(rowStatus.FindString(text)),
			clientIP: addrs[0], device: addrs[1],
			in: traffic[1], packetsIn: traffic[2], out: traffic[3], packetsOut: traffic[4],
		})
	}
	return out
}

// connectionRows reads the views Active and Ended.
func (s *site) connectionRows() []*goquery.Selection {
	s.T.Helper()
	var out []*goquery.Selection
	for _, view := range []string{"active", "ended"} {
		for _, tr := range s.Get(s.Endpoint + "/connections?size=100&view=" + view).Doc.Find(`[aria-label="Connections"] tbody tr`).EachIter() {
			out = append(out, tr)
		}
	}
	return out
}

// active gives the connections that are active.
func (s *site) active() []connectionRow {
	s.T.Helper()
	var out []connectionRow
	for _, c := range s.connections() {
		if c.status == "active" {
			out = append(out, c)
		}
	}
	return out
}

// connection finds the newest row with a client address.
func (s *site) connection(addr netip.Addr) (connectionRow, bool) {
	s.T.Helper()
	for _, c := range s.connections() {
		if c.clientIP == addr.String() {
			return c, true
		}
	}
	return connectionRow{}, false
}

// refused gives the rows of "Refused attempts", newest first.
func (s *site) refused() []string {
	s.T.Helper()
	var out []string
	for _, tr := range s.Get(s.Endpoint + "/connections?view=refused").Doc.Find("#attempts tbody tr").EachIter() {
		out = append(out, words(tr))
	}
	return out
}

// kernelCounters asks nft itself what it counted for a client.
func (s *site) kernelCounters(t testing.TB, client netip.Addr) vpn.Counters {
	t.Helper()
	count := func(set string) (bytes, packets uint64) {
		raw, err := s.gatewayHost.Exec("nft", "-j", "list", "set", "inet", "sallyport", set).Output()
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
func audited(t testing.TB, g *gateway.Gateway, action string) [][]string {
	t.Helper()
	return stored(t, g, "SELECT subject, before FROM audit WHERE action = ? ORDER BY id", action)
}

// stored reads rows of texts from the program's database.
func stored(t testing.TB, g *gateway.Gateway, query string, args ...any) [][]string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(g.Dir, "data/sallyport.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for rows.Next() {
		row, to := make([]string, len(columns)), make([]any, len(columns))
		for i := range row {
			to[i] = &row[i]
		}
		if err := rows.Scan(to...); err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
