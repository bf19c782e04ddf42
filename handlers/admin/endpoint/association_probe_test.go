package endpoint_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

// A target network behind the default route is amber in the list, in the box of the endpoint and on the first page, whose
// links lead to its test; an answer of a host takes the warning away.
func TestTestTargetNetwork(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	a := u.Associations(t)[0]
	gateway := netip.MustParseAddr("192.0.2.254")
	u.SetWays(t, vpn.Way{Association: a.ID, Subnet: a.CIDR, Interface: "eth0", Gateway: gateway, Default: true})
	tab, test := u.Endpoint+"/associations", u.Endpoint+"/associations/"+string(a.ID)+"/test"
	amber := func() bool {
		p := u.Admin.Get(tab)
		box := strings.Contains(p.Text("#endpoint-trouble"), "Only the default route of this host leads to 10.0.0.0/24")
		chip := p.Row("10.0.0.0/24").Text(`[data-label="State, reached by"]`)
		amberChip := strings.HasPrefix(strings.TrimSpace(chip), "▲")
		overview := strings.Contains(u.Admin.Get("/").Text("main"), "reaches 1 target network only by its default route")
		if box != amberChip || amberChip != overview {
			t.Errorf("box %v, chip %q, overview %v", box, chip, overview)
		}
		return amberChip
	}
	if !amber() {
		t.Error("a way that is not tested is not amber")
	}
	if got := u.Admin.Get(tab).Href("Test this target network"); got != test {
		t.Errorf("the box leads to %q", got)
	}
	if got := u.Admin.Get(tab).Href("Test"); got != test {
		t.Errorf("the row leads to %q", got)
	}
	p := u.Admin.Get(test).WantStatus(http.StatusOK).WantText("h1", "Test target network office-a").WantText("main", "Default route only")
	webtest.CheckMarkup(t, test, p)
	if v, _ := p.Doc.Find("#address").Attr("value"); v != "10.0.0.1" {
		t.Errorf("proposes %q", v)
	}
	u.Admin.Post(test, url.Values{"kind": {"icmp"}, "address": {"10.0.1.1"}}).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("address", "is not in 10.0.0.0/24")
	u.Admin.Post(test, url.Values{"kind": {"tcp"}, "address": {"10.0.0.1"}, "port": {"https"}}).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("port", "1 to 65535")
	u.Kit.Dataplane.Do(func() {
		u.Kit.Dataplane.ProbeAnswer = vpn.ProbeAnswer{Way: vpn.WayOut{Interface: "eth0", Gateway: gateway}, Outcome: vpn.ProbeSilent}
	})
	u.Admin.Follow(u.Admin.Post(test, url.Values{"kind": {"icmp"}, "address": {"10.0.0.7"}})).WantStatus(http.StatusOK).
		WantText("main", "No answer from 10.0.0.7").WantText("main", "test a TCP port")
	if !amber() {
		t.Error("after a test without an answer it is not amber")
	}
	u.Kit.Dataplane.Do(func() { u.Kit.Dataplane.ProbeAnswer.Outcome = vpn.ProbeAnswered })
	p = u.Admin.Follow(u.Admin.Post(test, url.Values{"kind": {"icmp"}, "address": {"10.0.0.7"}})).WantText("main", "10.0.0.7 answers to ICMP echo")
	webtest.CheckMarkup(t, test, p)
	if amber() {
		t.Error("after an answer it is still amber")
	}
	u.Admin.Get(tab).Row("10.0.0.0/24").WantText(`[data-label="State, reached by"]`, "10.0.0.7 answered")
	if v, _ := u.Admin.Get(test).Doc.Find("#address").Attr("value"); v != "10.0.0.7" {
		t.Errorf("the next test proposes %q", v)
	}
	// Another warning stands on the first page beside that of a target network that is not tested.
	e := u.Stored(t)
	u.Update(t, func(tx *store.Tx) error {
		return tx.SaveObservation(t.Context(), vpn.Observation{
			Endpoint: e.ID, Node: "node-1", Applied: e.Generation, SeenAt: time.Now(),
			Ways:   []vpn.Way{{Association: a.ID, Subnet: a.CIDR, Interface: "eth1", Gateway: gateway, Default: true}},
			Faults: []vpn.Fault{{Subject: string(a.ID), Message: "Another firewall may drop packets.", Warning: true}},
		})
	})
	u.Admin.Get("/").WantText("main", "Another firewall may drop packets.").WantText("main", "reaches 1 target network only by its default route")

	reader := u.SignIn(t, webtest.ReadOnly)
	if p := reader.Get(tab); strings.Contains(p.Text("main"), "Test this") || p.Doc.Find("a[href$='/test']").Length() != 0 {
		t.Error("a read-only account is offered the test")
	}
	reader.Get(test).WantStatus(http.StatusForbidden)
}
