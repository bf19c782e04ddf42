package endpoint_test

import (
	"net/http"
	"net/url"
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
