package endpoint_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

// The page of the configuration file says by itself when clients can connect, and what is wrong where they cannot.
func TestConfigurationPageFollowsTheEndpoint(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	u.Admin.Create(u.Endpoint+"/associations/new", url.Values{"subnet": {u.ZoneA}})
	const part = "#clients-state"
	shown := u.Admin.Get(u.Endpoint+"/configuration").WantText(part, "The target network is being associated")
	renew := func(want int, sentences ...string) webtest.Page {
		t.Helper()
		href, _ := shown.Doc.Find(part).Attr("hx-get")
		if !strings.HasPrefix(href, u.Endpoint+"/configuration?") {
			t.Fatalf("the part renews itself from %q", href)
		}
		p := u.Admin.Send(http.MethodGet, href, nil, http.Header{"Hx-Request": {"true"}}).WantStatus(want)
		for _, s := range sentences {
			p.WantText(part, s)
		}
		if want == http.StatusOK {
			shown = p
			webtest.CheckMarkup(t, href, p)
		}
		return p
	}
	renew(http.StatusNoContent)
	a := u.Associations(t)[0]

	u.SetApplied(t, vpn.Fault{Subject: string(a.ID), Message: "No route of this host leads to 10.0.0.0/24."})
	if href := renew(http.StatusOK, "Clients cannot rely on this endpoint", "No route of this host leads to 10.0.0.0/24.").Href("Target network associations"); href != u.Endpoint+"/associations" {
		t.Errorf("a target network is mended at %q", href)
	}
	u.SetApplied(t, vpn.Fault{Subject: string(u.ID()), Message: "UDP port 443 on this host is in use by nc (process 7)."})
	if href := renew(http.StatusOK, "UDP port 443 on this host is in use").Href("Modify Client VPN endpoint"); href != u.Endpoint+"/edit" {
		t.Errorf("a port is mended at %q", href)
	}
	u.SetApplied(t, vpn.Fault{Subject: string(a.ID), Message: "Only the default route leads to 10.0.0.0/24.", Warning: true})
	renew(http.StatusOK, "A part of this endpoint needs attention", "Clients can connect now")
	u.SetApplied(t)
	renew(http.StatusOK, "Clients can connect now")
	renew(http.StatusNoContent)

	// A form that was refused is shown with a state that renews itself too.
	shown = u.Admin.Post(u.Endpoint+"/configuration/links", url.Values{"hours": {"-1"}, "client": {""}}).WantStatus(http.StatusUnprocessableEntity).WantText(part, "Clients can connect now")
	renew(http.StatusNoContent)
}
