package endpoint_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"testing"

	"sallyport/control/controltest"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

// setHostWays makes the host's ways to ranges, by their first addresses.
func setHostWays(u *webtest.Fixture, ways map[string]vpn.WayOut) {
	u.Kit.Dataplane.Do(func() {
		u.Kit.Dataplane.Ways = map[netip.Addr]vpn.WayOut{}
		for to, way := range ways {
			u.Kit.Dataplane.Ways[netip.MustParseAddr(to)] = way
		}
	})
}

// A route to which the host has no way of its own is told before it is saved, in the route table and in the map, each with what to do.
func TestRoutesAreReachedBy(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	router := netip.MustParseAddr("198.51.100.1")
	setHostWays(u, map[string]vpn.WayOut{
		"10.9.0.0": {Interface: "eth0", Gateway: router, Default: true}, "10.1.0.0": {Problem: "No route of this host leads to 10.1.0.0/16."},
		"0.0.0.0": {Interface: "eth0", Gateway: router, Default: true},
	})
	form := u.Admin.Get(u.Endpoint + "/routes/new").FormValues("main form.form-card")
	form.Set("destination", "10.9.0.0/16")
	digest := u.Digest(t)
	step := u.Admin.Post(u.Endpoint+"/routes/new", form).WantStatus(http.StatusOK).WantText("dt", "Way to 10.9.0.0/16").
		WantText("dd", "Only the default route of this host leads to 10.9.0.0/16 (198.51.100.1 on eth0).").WantText("dd", "add a route to this host")
	webtest.CheckMarkup(t, "a doubtful route", step)
	if u.Digest(t) != digest {
		t.Error("the warning changed something")
	}
	answer := step.FormValues("form.announcement")
	back := url.Values{"back": {"form"}}
	for name, values := range answer {
		back[name] = values
	}
	u.Admin.Post(u.Endpoint+"/routes/new", back).WantValue("destination", "10.9.0.0/16")
	done := u.Admin.Follow(u.Admin.Post(u.Endpoint+"/routes/new", answer)).WantText("[role=status]", "Route to 10.9.0.0/16 created.")
	u.Admin.Get(done.Href("Authorize who reaches it")).WantValue("destination", "10.9.0.0/16")
	u.Admin.Create(u.Endpoint+"/routes/new", url.Values{"destination": {"0.0.0.0/0"}, "subnet": {u.ZoneA}}) // by the default route: as it should be

	tab := u.Admin.Get(u.Endpoint + "/routes")
	webtest.CheckMarkup(t, "routes", tab)
	const cell = `[data-label="State, reached by"]`
	tab.Row("10.9.0.0/16").WantText(cell, "198.51.100.1 on eth0 (default route)").WantText(cell, "Warning Only the default route of this host leads to 10.9.0.0/16")
	tab.Row("10.1.0.0/16").WantText(cell, "Warning No route of this host leads to 10.1.0.0/16. Clients do not reach it")
	for _, quiet := range []string{"0.0.0.0/0", "10.0.0.0/16"} {
		if n := tab.Row(quiet).Doc.Find(cell + " .state-why .bg-yellow-lt").Length(); n != 0 {
			t.Errorf("%s has %d warnings: %s", quiet, n, tab.Row(quiet).Text(cell))
		}
	}
	tab.Row("10.0.0.0/16").WantText(cell, "eth0, directly")
	const picture = "[aria-label='What clients can reach']"
	u.Admin.Get(u.Endpoint).WantText(picture, "This host may not reach 10.1.0.0/16 and 10.9.0.0/16.").WantText(picture, "Show why in the route table")

	setHostWays(u, nil)
	u.Admin.Get(u.Endpoint+"/routes").Row("10.1.0.0/16").WantText(cell, "eth0, directly")
	u.Kit.Dataplane.Do(func() { u.Kit.Dataplane.Down = controltest.ErrDown })
	u.Admin.Get(u.Endpoint + "/routes").WantStatus(http.StatusOK).Row("10.9.0.0/16")
	u.Admin.Create(u.Endpoint+"/routes/new", url.Values{"destination": {"10.8.0.0/16"}, "subnet": {u.ZoneA}})
}

// The form for an association says beside each subnet by which way the host reaches it, and is the same form where the host cannot be asked.
func TestSubnetsToAssociateAreReachedBy(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	form := u.Endpoint + "/associations/new"
	for want, way := range map[string]vpn.WayOut{
		"zone-b, reached by 10.9.0.254 on eth1":                   {Interface: "eth1", Gateway: netip.MustParseAddr("10.9.0.254")},
		"zone-b, only by the default route: 198.51.100.1 on eth0": {Interface: "eth0", Gateway: netip.MustParseAddr("198.51.100.1"), Default: true},
		"zone-b, not reached by this host":                        {Problem: "No route of this host leads to 10.0.1.0/24."},
	} {
		setHostWays(u, map[string]vpn.WayOut{"10.0.1.0": way})
		p := u.Admin.Get(form).WantText("#subnet", want).WantText("details li", "office-b, 10.0.1.0/24:")
		webtest.CheckMarkup(t, form, p)
	}
	u.Kit.Dataplane.Do(func() { u.Kit.Dataplane.Down = controltest.ErrDown })
	u.Admin.Get(form).WantText("#subnet", "10.0.1.0/24, zone-b").WantText("main", "By which way this host reaches the subnets is not known: The dataplane does not answer.")
	u.Admin.Create(form, url.Values{"subnet": {u.ZoneB}})
}
