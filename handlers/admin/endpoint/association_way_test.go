package endpoint_test

import (
	"net/netip"
	"testing"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

// The list says by which way the host reaches each target network.
func TestAssociationsAreReachedBy(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	tab := u.Endpoint + "/associations"
	a := u.Associations(t)[0]
	u.Admin.Get(tab).Row("10.0.0.0/24").WantText(`[data-label="State, reached by"]`, "Not reported yet")
	for want, w := range map[string]vpn.Way{
		"eth1, directly":       {Interface: "eth1"},
		"10.9.0.254 on eth1":   {Interface: "eth1", Gateway: netip.MustParseAddr("10.9.0.254")},
		"Default route only":   {Interface: "eth0", Default: true},
		"Partly default route": {Interface: "eth1", Partly: true},
		"Not reached":          {Problem: "No route of this host leads to 10.0.0.0/24."},
	} {
		w.Association, w.Subnet = a.ID, a.CIDR
		u.SetWays(t, w)
		p := u.Admin.Get(tab)
		webtest.CheckMarkup(t, tab, p)
		cell := p.Row("10.0.0.0/24").WantText(`[data-label="State, reached by"]`, want)
		if warned := cell.Doc.Find(`[data-label="State, reached by"] .bg-orange-lt`).Length() > 0; warned != (w.Doubtful() || w.Problem != "") {
			t.Errorf("%s: warned %v", want, warned)
		}
	}
}
