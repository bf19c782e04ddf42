package endpoint_test

import (
	"net/http"
	"net/url"
	"path"
	"testing"

	"sallyport/web/webtest"
)

func TestTwoAdministratorsSaveTheSameEndpoint(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	first, second := u.Admin.Get(u.Endpoint+"/edit"), u.SignIn(t, webtest.Administrator)
	second.Get(u.Endpoint + "/edit")
	version := first.Value("version")
	u.Admin.Create(u.Endpoint+"/edit", url.Values{"version": {version}, "name": {"first"}, "description": {"first words"}, "certificate": {path.Base(u.Server)}, "port": {"443"}})

	p := second.Post(u.Endpoint+"/edit", url.Values{"version": {version}, "name": {"second"}, "description": {"second words"}, "certificate": {path.Base(u.Server)}, "port": {"1194"}})
	p.WantStatus(http.StatusConflict).WantText("#error-summary", "Another administrator changed this endpoint")
	p.WantValue("name", "second").WantValue("description", "second words").WantValue("port", "1194")
	p.WantRefusedField("name", "“first”").WantRefusedField("description", "“first words”").WantRefusedField("port", "“443”")
	if got := u.Stored(t).Name; got != "first" {
		t.Errorf("the endpoint is called %q, want first: the second save must change nothing", got)
	}
	second.Create(u.Endpoint+"/edit", url.Values{"version": {p.Value("version")}, "name": {"second"}, "description": {"second words"}, "certificate": {path.Base(u.Server)}, "port": {"1194"},
		"announced": {"files"}, "confirm": {"replace"}})
	if got := u.Stored(t); got.Name != "second" || got.Listen.Port != 1194 {
		t.Errorf("got %q port %d, want second 1194 after saving again", got.Name, got.Listen.Port)
	}

	tags := url.Values{"version": {version}, "tag_key": {"team", ""}, "tag_value": {"vpn", ""}}
	p = second.Post(u.Endpoint+"/tags", tags).WantStatus(http.StatusUnprocessableEntity).WantText("#tags-error", "no tags")
	tags.Set("version", p.WantValue("tag_key", "team").Value("version"))
	second.Create(u.Endpoint+"/tags", tags)
	second.Get(u.Endpoint+"/tags").WantValue("tag_value", "vpn")
}
