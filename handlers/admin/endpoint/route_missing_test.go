package endpoint_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

// newUnequal is an endpoint with three target networks, of which the first alone has a route to the internet.
func newUnequal(t *testing.T) (u *webtest.Fixture, third string) {
	t.Helper()
	u = webtest.NewReadyEndpoint(t)
	u.Admin.Create(u.Network+"/subnets/new", url.Values{"name": {"office-c"}, "cidr": {"10.0.2.0/24"}, "zone": {"zone-c"}})
	third = u.Subnet("10.0.2.0/24")
	u.Admin.Create(u.Endpoint+"/rules/new", url.Values{"destination": {"0.0.0.0/0"}, "access": {"all"}})
	u.Admin.Create(u.Endpoint+"/routes/new", url.Values{"destination": {"0.0.0.0/0"}, "target": {"subnets"}, "subnet": {u.ZoneA}, "description": {"out"}})
	for _, subnet := range []string{u.ZoneB, third} {
		u.Admin.Create(u.Endpoint+"/associations/new", url.Values{"subnet": {subnet}, "copy_routes": {"none"}})
	}
	u.SetApplied(t)
	return u, third
}

// The route of one of three target networks is a warning at the route, at the rule, at the target networks, in the map and in
// the tutorial. One click adds what is missing; a second one changes nothing.
func TestUnequalRoutes(t *testing.T) {
	t.Parallel()
	u, _ := newUnequal(t)
	routes := u.Admin.Get(u.Endpoint+"/routes").WantText(".alert", "Some sessions do not reach 1 destination").
		WantText(".alert", "0.0.0.0/0 (everywhere): through office-a, not through office-b and office-c.").WantText(".alert", "Adds 2 routes.")
	webtest.CheckMarkup(t, u.Endpoint+"/routes", routes)
	routes.Row("0.0.0.0/0").WantText("td", "Through 1 of 3 target networks only: sessions of the others do not reach it.").WantText("td button", "Add to all")
	u.Admin.Get(u.Endpoint+"/rules").Row("0.0.0.0/0").WantText("td", "Routes lead to 0.0.0.0/0 through 1 of 3 target networks only")
	targets := u.Admin.Get(u.Endpoint + "/associations")
	targets.Row(u.ZoneB).WantText("td", "No route to 0.0.0.0/0.")
	if got := targets.Row(u.ZoneA).Text("td"); strings.Contains(got, "No route") {
		t.Errorf("the target network with the route reads %q", got)
	}
	u.Admin.Get(u.Endpoint).WantText("[aria-label='What clients can reach']", "No route to 0.0.0.0/0.").WantText("[aria-label='What clients can reach']", "through 1 of 3 target networks only")
	start := u.Admin.Get("/getting-started").WantText(".guide-steps", "The route to 0.0.0.0/0 leads through 1 of 3 target networks")
	step := u.Admin.Get(start.Href("Add missing routes")).WantText("main", "New routes: 0.0.0.0/0 through office-b and office-c.")
	webtest.CheckMarkup(t, "missing routes", step)
	if csv := u.Admin.Get(u.Endpoint + "/routes?format=csv").Body; !strings.Contains(csv, "Through 1 of 3 target networks only") {
		t.Errorf("the file lacks the warning: %s", csv)
	}

	before := u.Stored(t).Generation
	answer := u.Admin.Post(u.Endpoint+"/routes/missing", routes.FormValues("form:has(#missing-all)"))
	done := u.Admin.Follow(answer).WantText("[role=status]", "2 routes are being added")
	if got := done.Text("main"); strings.Contains(got, "Some sessions") || strings.Contains(got, "Add to all") {
		t.Errorf("afterwards the route table reads %q", got)
	}
	if now := u.Stored(t).Generation; now != before+1 {
		t.Errorf("two routes are %d changes of the endpoint, want 1", now-before)
	}
	digest := u.Digest(t)
	u.Admin.Follow(u.Admin.Post(u.Endpoint+"/routes/missing", nil)).WantText("[role=status]", "No route is missing")
	if u.Digest(t) != digest {
		t.Error("the second click changed something")
	}
	u.SetApplied(t)
	u.Admin.Get("/getting-started").WantText(".guide-steps", "Provide access to the internet ● Done")
	for _, r := range done.Doc.Find("tbody tr").EachIter() {
		if text := r.Text(); strings.Contains(text, "0.0.0.0/0") && !strings.Contains(text, "out") {
			t.Errorf("the description is not that of the first route: %s", text)
		}
	}
}

// Under split-tunnel connected clients have to learn of new routes: the page asks when, for the missing ones and for others.
func TestNewRoutesAreAnnounced(t *testing.T) {
	t.Parallel()
	u, _ := newUnequal(t)
	u.Connect(t, "alice", "10.20.0.5", vpn.ConnectionActive)
	edit := u.Admin.Get(u.Endpoint + "/edit").FormValues("main form.form-card")
	edit.Set("split_tunnel", "on")
	edit.Set("announced", "next")
	u.Admin.Create(u.Endpoint+"/edit", edit)

	routes := u.Admin.Get(u.Endpoint + "/routes")
	digest := u.Digest(t)
	ask := u.Admin.Post(u.Endpoint+"/routes/missing", routes.FormValues("form:has(#missing-all)")).WantStatus(http.StatusOK).
		WantText("main", "1 user is connected now, with what was set before").WantText("legend", "When do clients that are connected learn it?")
	if u.Digest(t) != digest {
		t.Error("the question changed something")
	}
	answer := ask.FormValues("main form.form-card")
	answer.Set("reconnect", "now")
	u.Admin.Follow(u.Admin.Post(u.Endpoint+"/routes/missing", answer)).WantText("[role=status]", "1 connection will be made again.")
	if e := u.Stored(t); e.PushGeneration != e.Generation {
		t.Errorf("generation %d, push generation %d: clients are not reconnected", e.Generation, e.PushGeneration)
	}

	ask = u.Admin.Post(u.Endpoint+"/routes/new", url.Values{"destination": {"192.0.2.0/24"}, "subnet": {u.ZoneA, u.ZoneB}}).WantStatus(http.StatusOK).
		WantText("main", "New routes: 192.0.2.0/24 through office-a and office-b.")
	back := ask.FormValues("main form.form-card")
	back.Set("back", "form")
	u.Admin.Post(u.Endpoint+"/routes/new", back).WantStatus(http.StatusOK).WantValue("destination", "192.0.2.0/24")
	later := ask.FormValues("main form.form-card")
	later.Set("reconnect", "later")
	push := u.Stored(t).PushGeneration
	u.Admin.Follow(u.Admin.Post(u.Endpoint+"/routes/new", later)).WantText("[role=status]", "Route to 192.0.2.0/24 created through 2 target networks. Clients that are connected learn it with their next connection.")
	if now := u.Stored(t).PushGeneration; now != push {
		t.Errorf("clients are reconnected though they should not be: push generation %d, was %d", now, push)
	}
}

// The form offers every target network, ticked, and names what is wrong beside the field.
func TestRouteThroughSeveral(t *testing.T) {
	t.Parallel()
	u, third := newUnequal(t)
	form := u.Endpoint + "/routes/new"
	p := u.Admin.Get(form)
	if got := p.FormValues("main form.form-card")["subnet"]; len(got) != 3 {
		t.Errorf("ticked are %v, want all three", got)
	}
	u.Admin.Post(form, url.Values{"destination": {"192.0.2.0/24"}, "target": {"subnets"}}).WantStatus(http.StatusUnprocessableEntity).WantText("#subnet-error", "Choose a subnet")
	p = u.Admin.Post(form, url.Values{"destination": {"0.0.0.0/0"}, "target": {"subnets"}, "subnet": {u.ZoneA, u.ZoneB}}).WantStatus(http.StatusUnprocessableEntity).
		WantText("#subnet-error", "There is already a route to 0.0.0.0/0 through "+u.ZoneA+". Untick it.")
	if got := p.FormValues("main form.form-card")["subnet"]; len(got) != 2 {
		t.Errorf("after the refusal ticked are %v, want two", got)
	}
	u.Admin.Post(form, url.Values{"destination": {"10.20.0.0/22"}, "subnet": {u.ZoneA, "local"}}).WantStatus(http.StatusUnprocessableEntity).WantText("#subnet-error", "Choose local alone")
	u.Admin.Create(form, url.Values{"destination": {"10.20.0.0/22"}, "target": {"local"}, "subnet": {u.ZoneA}})
	u.Admin.Get(u.Endpoint+"/routes").Row("10.20.0.0/22").WantText("td", "local")
	u.Admin.Follow(u.Admin.Post(form, url.Values{"destination": {"192.0.2.0/24"}, "subnet": {u.ZoneA, u.ZoneB, third}})).
		WantText("[role=status]", "Route to 192.0.2.0/24 created through 3 target networks.")
}

// Associating offers the routes of the target network that has most of them.
func TestCopyRoutesOnAssociation(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	form := u.Endpoint + "/associations/new"
	if got := u.Admin.Get(form).Options("copy_routes"); len(got) > 0 {
		t.Errorf("there are no routes to copy, and offered is %v", got)
	}
	u.Admin.Get(u.Endpoint+"/associations").WantText("[role=status], .alert", "All target networks are in availability zone zone-a. Two zones are recommended")
	for _, destination := range []string{"0.0.0.0/0", "192.0.2.0/24"} {
		u.Admin.Create(u.Endpoint+"/routes/new", url.Values{"destination": {destination}, "subnet": {u.ZoneA}})
	}
	p := u.Admin.Get(form).WantText("#copy_routes", "Copy the 2 routes of office-a (recommended)").WantText("#copy_routes", "Copy no routes")
	webtest.CheckMarkup(t, form, p)
	u.Admin.Post(form, url.Values{"subnet": {u.ZoneB}, "copy_routes": {"cvpn-assoc-gone"}}).WantStatus(http.StatusUnprocessableEntity).WantFieldError("copy_routes", "not associated any more")
	in := p.FormValues("main form.form-card")
	in.Set("subnet", u.ZoneB)
	u.Admin.Follow(u.Admin.Post(form, in)).WantText("[role=status]", "2 routes were copied")
	routes := u.Admin.Get(u.Endpoint + "/routes")
	if n := routes.Doc.Find("tbody tr").Length(); n != 8 {
		t.Errorf("%d routes, want twice two automatic and two manual ones", n)
	}
	if got := routes.Text("main"); strings.Contains(got, "Some sessions") {
		t.Errorf("with copied routes: %s", got)
	}
	if got := u.Admin.Get(u.Endpoint + "/associations").Text("main"); strings.Contains(got, "Two zones are recommended") {
		t.Errorf("with two zones: %s", got)
	}
}
