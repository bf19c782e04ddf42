package endpoint_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"sallyport/web/webtest"
)

func TestSecondSubnetOfAZone(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	u.Admin.Create(u.Network+"/subnets/new", url.Values{"name": {"office-a2"}, "cidr": {"10.0.2.0/24"}, "zone": {"zone-a"}})
	third := u.Subnet("10.0.2.0/24")
	p := u.Admin.Get(u.Endpoint+"/associations/new").WantText("details", "Availability zone zone-a already has a target network")
	if p.Doc.Find(`option[value="`+third+`"][disabled]`).Length() != 1 || p.Doc.Find(`option[value="`+u.ZoneB+`"]:not([disabled])`).Length() != 1 {
		t.Errorf("want the subnet of the taken zone disabled and the other not: %s", p.Text("#subnet"))
	}
	u.Admin.Post(u.Endpoint+"/associations/new", url.Values{"subnet": {third}}).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("subnet", "already has a target network")
	u.Admin.Create(u.Endpoint+"/associations/new", url.Values{"subnet": {u.ZoneB}})
}

// A network without subnets is refused in the form, which keeps its choices: there are subnets elsewhere.
func TestAssociateKeepsItsForm(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	empty := path.Base(u.Admin.Create("/networks/new", url.Values{"name": {"empty"}, "cidrs": {"10.9.0.0/16"}}))
	form := u.Endpoint + "/associations/new"
	p := u.Admin.Post(form, url.Values{"network": {empty}, "subnet": {u.ZoneA}}).WantStatus(http.StatusUnprocessableEntity)
	if len(p.Options("network")) != 2 || strings.Contains(p.Text("main"), "There is no subnet yet") {
		t.Errorf("the form does not offer both networks: %s", p.Text("main"))
	}
	p = u.Admin.Get(form + "?network=" + path.Base(u.Network))
	if len(p.Options("subnet")) != 2 {
		t.Errorf("the chosen network offers %v", p.Options("subnet"))
	}
	if from, _ := p.Doc.Find("[hx-target='#subnet']").Attr("hx-trigger"); from != "change from:#network" {
		t.Errorf("a chosen network does not filter the subnets at once: %q", from)
	}
}
