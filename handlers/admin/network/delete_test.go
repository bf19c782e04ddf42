package network_test

import (
	"net/http"
	"strings"
	"testing"

	"sallyport/web/webtest"
)

func TestNetworksInUseStay(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	before := u.Digest(t)
	p := u.Admin.Get(u.Network+"/delete").WantText("h1", "Delete network office").WantText("main", "2 subnets").WantText(".alert", "while it has subnets")
	webtest.WantNoButton(t, p)
	u.Admin.Post(u.Network+"/delete", nil).WantStatus(http.StatusUnprocessableEntity).WantText("[role=alert]", "still has 2 subnets")
	subnet := "/subnets/" + u.ZoneA + "/delete"
	for _, page := range []string{subnet, u.Network} { // by its name, which leads to it
		if link := u.Admin.Get(page).Doc.Find(`main a[href="` + u.Endpoint + `"]`); link.Text() != "main" {
			t.Errorf("%s: the link to the endpoint reads %q, want main", page, link.Text())
		}
	}
	webtest.WantNoButton(t, u.Admin.Get(subnet).WantText(".alert", "while it is the target network"))
	u.Admin.Post(subnet, nil).WantStatus(http.StatusUnprocessableEntity).WantText("[role=alert]", "is a target network of endpoint main.")
	if after := u.Digest(t); after != before {
		t.Errorf("refusals changed something:\n%s\nwas:\n%s", after, before)
	}
	webtest.WantButton(t, u.Admin.Get("/subnets/"+u.ZoneB+"/delete"), "Delete")
	p = u.Admin.Follow(u.Admin.Post("/subnets/"+u.ZoneB+"/delete", nil))
	if strings.Contains(p.Text("tbody"), "10.0.1.0/24") {
		t.Error("the unused subnet is still there after its deletion")
	}
	u.Admin.Get("/networks/vpc-none").WantStatus(http.StatusNotFound)
}
