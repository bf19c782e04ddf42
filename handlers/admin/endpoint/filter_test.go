package endpoint_test

import (
	"net/url"
	"strings"
	"testing"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

// Lists are narrowed by what their rows have: the choice stands in the address, and a chip removes it.
func TestFilters(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	other := u.EndpointForm("other", "10.40.0.0/22", "4443")
	other["tag_key"], other["tag_value"] = []string{"Team", "stage"}, []string{"Platform", ""}
	u.Admin.Create("/endpoints/new", other)
	u.Admin.Create("/networks/new", url.Values{"name": {"tagged"}, "cidrs": {"10.77.0.0/16"}, "tag_key": {"team", "cost"}, "tag_value": {"network", "5_0"}})
	u.Admin.Create(u.Endpoint+"/associations/new", url.Values{"subnet": {u.ZoneB}})
	u.Admin.Create(u.Endpoint+"/routes/new", url.Values{"destination": {"10.55.0.0/16"}, "subnet": {u.ZoneA}})
	network := u.Network[strings.LastIndexByte(u.Network, '/')+1:]
	u.Connect(t, "alice", "10.20.0.5", vpn.ConnectionActive)
	u.Connect(t, "bob", "10.20.0.6", vpn.ConnectionAway)
	for path, want := range map[string]string{
		"/endpoints?tag=team": "other", "/endpoints?tag=team%3Dplatform": "other", "/endpoints?tag=team%3Dplat": "", "/endpoints?tag=stage": "other", "/endpoints?tag=none": "",
		"/endpoints?network=" + network: "main", "/endpoints?zone=zone-b": "main", "/endpoints?zone=zone-b&tag=team": "",
		"/networks?tag=team": "tagged", "/networks?tag=TEAM%3Dnetwork": "tagged", "/networks?tag=cost%3D5_0": "tagged", "/networks?tag=cost%3D5a0": "", "/networks?tag=tea": "",
		u.Network + "?zone=zone-b":               "office-b",
		u.Endpoint + "/associations?zone=zone-b": "office-b",
		u.Endpoint + "/routes?origin=add-route":  "10.55.0.0/16", u.Endpoint + "/routes?origin=add-route&target=" + u.ZoneB: "", u.Endpoint + "/rules?state=revoking": "",
		u.Endpoint + "/connections?status=away": "bob", u.Endpoint + "/connections?platform=win": "",
		"/certificates?state=expired": "", "/certificates?use=server&state=valid": "server", "/administrators?role=read-only": "reader", "/administrators?state=disabled": "",
	} {
		p := u.Admin.Get(path)
		webtest.CheckMarkup(t, path, p)
		rows := p.Doc.Find("tbody tr")
		if want == "" {
			if rows.Length() != 0 {
				t.Errorf("%s lists %q, want nothing", path, p.Text("tbody"))
			}
			p.WantText(".empty", "match the filter")
		} else if rows.Length() != 1 || !strings.Contains(p.Text("tbody"), want) {
			t.Errorf("%s lists %d rows %q, want %s alone", path, rows.Length(), p.Text("tbody"), want)
		}
		if p.Doc.Find(".list-summary a.badge").Length() == 0 {
			t.Errorf("%s has no chip that removes the filter", path)
		}
	}
}
