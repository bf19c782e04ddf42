package network_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"testing"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

// Name, description and tags of a network and of a subnet are changed by their forms.
func TestModifyDetails(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	b := u.Admin
	page := b.Get(u.Network+"/edit").WantValue("name", "office").WantValue("cidrs", "10.0.0.0/16\n10.1.0.0/16")
	webtest.CheckMarkup(t, u.Network+"/edit", page)
	form := page.FormValues("form.form-card")
	form.Set("name", "head office")
	form.Set("description", "Berlin, first floor")
	form["tag_key"], form["tag_value"] = []string{"site"}, []string{"berlin"}
	old := url.Values{"version": form["version"], "name": {"branch"}, "description": {""}, "cidrs": form["cidrs"]}
	p := b.Follow(b.Post(u.Network+"/edit", form)).WantText("h1", "head office").WantText("[role=status]", "Network head office modified.").
		WantText("dl", "Berlin, first floor").WantText("dl", "site = berlin")
	webtest.CheckMarkup(t, u.Network, p)
	b.Get("/networks?q=first+floor").Row("head office").WantText("td", "site = berlin")

	// Of two administrators who save the same form the second sees what the first saved, and may replace it.
	p = b.Post(u.Network+"/edit", old).WantStatus(http.StatusConflict).WantText("#name-error", "Another administrator saved: “head office”.").
		WantText("#description-error", "Berlin").WantText("#tags-error", "site = berlin").WantValue("name", "branch")
	webtest.CheckMarkup(t, u.Network+"/edit", p)
	b.Follow(b.Post(u.Network+"/edit", p.FormValues("form.form-card"))).WantText("h1", "branch")

	subnet := "/subnets/" + u.ZoneA + "/edit"
	page = b.Get(subnet).WantText("form", "10.0.0.0/24").WantText("form", "zone-a").WantValue("name", "office-a")
	webtest.CheckMarkup(t, subnet, page)
	form = page.FormValues("form.form-card")
	form.Set("description", "The printers")
	form["tag_key"], form["tag_value"] = []string{"floor"}, []string{"2"}
	p = b.Follow(b.Post(subnet, form)).WantText("[role=status]", "Subnet office-a modified.")
	p.Row("10.0.0.0/24").WantText("td", "The printers").WantText("td", "floor = 2")
	b.Get(u.Network + "?tag=floor%3D2").Row("office-a")
	b.Post(subnet, form).WantStatus(http.StatusConflict)
	b.Get(u.Network).Row("10.0.0.0/24").WantText("a", "Modify")
}

// A range that comes or goes is announced to those whom it concerns, and the routes follow.
func TestModifyRanges(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	b := u.Admin
	form := b.Get(u.Network + "/edit").FormValues("form.form-card")
	form.Set("cidrs", "10.0.0.0/16\n10.1.0.0/16\n10.9.0.0/16")
	// No client is connected: what is told is that a rule is missing, and what becomes of the route that was added by hand.
	b.Create(u.Endpoint+"/routes/new", url.Values{"destination": {"10.9.0.0/16"}, "subnet": {u.ZoneA}})
	u.Kit.Dataplane.Do(func() {
		u.Kit.Dataplane.Ways = map[netip.Addr]vpn.WayOut{netip.MustParseAddr("10.9.0.0"): {Interface: "eth0", Default: true}, netip.MustParseAddr("10.10.0.0"): {Problem: "No route of this host leads to 10.10.0.0/16."}}
	})
	step := b.Post(u.Network+"/edit", form).WantText(".announcement", "No authorization rule of endpoint main is about 10.9.0.0/16: clients reach nothing there until one is added.").
		WantText(".announcement", "The routes of endpoint main to 10.9.0.0/16, which were added by hand, become automatic ones")
	webtest.CheckMarkup(t, u.Network+"/edit", step)
	done := b.Follow(b.Post(u.Network+"/edit", step.FormValues("form.announcement"))).WantText("dl", "10.9.0.0/16 reached by eth0, directly (default route)").WantText("dl", "Only the default route of this host leads to 10.9.0.0/16").
		WantText("[role=status]", "Clients of main reach nothing in 10.9.0.0/16 until an authorization rule is added.")
	webtest.CheckMarkup(t, u.Network, done)
	b.Get(done.Href("Add authorization rule for 10.9.0.0/16")).WantValue("destination", "10.9.0.0/16")
	b.Get(u.Endpoint+"/routes").Row("10.9.0.0/16").WantText("td", "Automatic")

	edit := b.Get(u.Endpoint + "/edit").FormValues("form.form-card")
	edit.Set("split_tunnel", "on")
	b.Create(u.Endpoint+"/edit", edit)
	u.Connect(t, "alice", "10.20.0.2", vpn.ConnectionActive)
	form = b.Get(u.Network + "/edit").FormValues("form.form-card")
	form.Set("cidrs", "10.0.0.0/16\n10.9.0.0/16\n10.10.0.0/16")
	p := b.Post(u.Network+"/edit", form).WantStatus(http.StatusOK).WantText("h1", "Modify network office").WantText("main", "The routes of endpoint main follow the network.").
		WantText(".changes", "10.0.0.0/16, 10.1.0.0/16, 10.9.0.0/16").WantText(".changes", "10.0.0.0/16, 10.9.0.0/16, 10.10.0.0/16").
		WantText(".announcement", "Clients can no longer reach what the removed routes lead to").WantText(".announcement", "1 user is connected now").
		WantText(".announcement", "Reconnect them now").WantText(".announcement", "No route of this host leads to 10.10.0.0/16. Clients do not reach it")
	webtest.CheckMarkup(t, u.Network+"/edit", p)
	if u.Stored(t).PushGeneration != 0 {
		t.Error("the announcement changed something")
	}
	answer := p.FormValues("form.announcement")
	back := url.Values{}
	for name, values := range answer {
		back[name] = values
	}
	back.Set("back", "form")
	b.Post(u.Network+"/edit", back).WantStatus(http.StatusOK).WantValue("cidrs", "10.0.0.0/16\n10.9.0.0/16\n10.10.0.0/16")
	other := url.Values{}
	for name, values := range answer {
		other[name] = values
	}
	other.Set("announced", "next")
	b.Post(u.Network+"/edit", other).WantStatus(http.StatusConflict).WantText("[role=alert]", "is different now from what was announced")
	answer.Set("reconnect", "now")
	b.Follow(b.Post(u.Network+"/edit", answer)).WantText("[role=status]", "1 connection will be made again.")
	if e := u.Stored(t); e.PushGeneration != e.Generation {
		t.Errorf("clients are reconnected for generation %d of %d", e.PushGeneration, e.Generation)
	}
	b.Get(u.Endpoint + "/routes?state=deleting").Row("10.1.0.0/16")
	b.Get(u.Endpoint + "/routes").Row("10.10.0.0/16")
}
