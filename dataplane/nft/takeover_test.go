package nft_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sallyport/dataplane/nft"
	"sallyport/vpn"
)

// TestTableOfAnEarlierVersionIsTakenOver loads the table that the program of commit 34183eb had in
// the kernel (`nft list table`), whose chains have other names, with two connected clients. A new
// process must replace its rules in one transaction, leave nothing of it behind, and continue the
// counters of the clients.
func TestTableOfAnEarlierVersionIsTakenOver(t *testing.T) {
	l := newLab(t)
	l.target.echo()
	a, b := l.connect("10.8.0.2", 0), l.connect("10.8.0.3", 1)
	e := l.endpoint(all("172.16.5.5/32"), group("172.17.0.0/16", "engineers"), all("10.8.0.0/22"), all("192.0.2.1/32"))
	e.ClientToClient = true
	e.Public = []netip.AddrPort{netip.MustParseAddrPort("198.51.100.1:1194")}
	e.Workers, e.HashSeed, e.Egress = []uint16{40001, 40002}, 7, []string{"lan0", "wan0"}
	r := nft.Ruleset{Endpoints: []nft.Endpoint{e, {
		ID: endpointB, Devices: []string{"spb-0"}, ClientCIDR: netip.MustParsePrefix("10.9.0.0/22"), Gateway: addr("10.9.0.1"),
		Transport: vpn.TCP, Workers: []uint16{40003}, AnyAddress: true,
	}}, HostForwarding: []string{"lan0"}, Workers: nft.UIDs{First: 60800, Last: 61055}}
	sessions := []nft.Session{
		{Addr: a.addr, Device: a.device.name, Endpoint: l.id, Association: l.assoc},
		{Addr: b.addr, Device: b.device.name, Endpoint: l.id, Association: l.assoc, Groups: []string{"engineers"}},
	}

	old, err := os.ReadFile(filepath.Join("testdata", "table_34183eb.nft"))
	must(t, err)
	digits := func(id string) string { return id[strings.LastIndexByte(id, '-')+1:] }
	endpoint, association := digits(string(l.id)), digits(string(l.assoc))
	nftCommand(t, strings.NewReplacer(
		"83f15ef0ca8759d14", endpoint, "e0ccb88a569f0f0a6", association, "sp83f15ef0ca-", "sp"+endpoint[:10]+"-",
	).Replace(string(old)))
	a.mustAnswer(someTarget) // the fourth packet of this client, by the old rules

	text := filepath.Join(t.TempDir(), "text")
	interposed(t, "tee -a "+text+" | $real \"$@\"; exit $?")
	must(t, l.table.Restore(t.Context(), r, sessions))
	written, err := os.ReadFile(text)
	must(t, err)
	if n := bytes.Count(written, []byte("add table inet sptest\n")); n != 1 || bytes.Contains(written, []byte("delete table")) {
		t.Errorf("nft was given %d transactions, want one that keeps the table:\n%s", n, written)
	}
	fresh := nft.New("spfresh", discard)
	must(t, fresh.Apply(t.Context(), r))
	got, want := objectsOf(t, "sptest"), objectsOf(t, "spfresh")
	must(t, fresh.Remove())
	if !slices.Equal(got, want) {
		t.Errorf("the table that was taken over holds\n%q, want what a new one holds:\n%q", got, want)
	}

	counters, err := l.table.Counters()
	must(t, err)
	if counters[a.addr].PacketsIn != 4 || counters[a.addr].PacketsOut != 4 || counters[b.addr].PacketsIn != 1 {
		t.Errorf("counters %v, want 4 packets each way of %s and one of %s", counters, a.addr, b.addr)
	}
	a.mustAnswer(someTarget)
	b.mustAnswer(addr("172.17.1.1"))
	a.mustNotAnswer(addr("172.17.1.1"))
	if counters, err = l.table.Counters(); err != nil || counters[a.addr].PacketsIn != 5 || counters[b.addr].PacketsOut != 2 {
		t.Errorf("counters %v, %v; want them to continue", counters, err)
	}
	must(t, noDrift(t, l.table))
}

// objectsOf lists the chains, sets and maps of a table.
func objectsOf(t *testing.T, table string) []string {
	t.Helper()
	raw, err := exec.Command("nft", "-j", "list", "table", "inet", table).Output() //nolint:gosec // a name of this test
	must(t, err)
	var list struct {
		Nftables []map[string]struct{ Name string }
	}
	must(t, json.Unmarshal(raw, &list))
	var out []string
	for _, entry := range list.Nftables {
		for kind, object := range entry {
			if kind == "chain" || kind == "set" || kind == "map" {
				out = append(out, kind+" "+object.Name)
			}
		}
	}
	slices.Sort(out)
	return out
}
