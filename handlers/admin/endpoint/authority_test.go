package endpoint_test

import (
	"net/http"
	"net/url"
	"path"
	"testing"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

// A second client authority is announced and added; removing one names who is connected by it.
func TestClientAuthorities(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	u.Connect(t, "alice", "10.20.0.2", vpn.ConnectionActive)
	next := u.Admin.Create("/certificates/authority/new", url.Values{"common_name": {"Next CA"}, "key_type": {"ECDSA P-256"}})
	list := u.Endpoint + "/client-authorities"
	u.Admin.Get(u.Endpoint).WantText(".dropdown-menu", "Client authorities")
	p := u.Admin.Get(list).WantText("main", "The server certificate's own authority").WantText("main", "in the last 14 days")
	webtest.CheckMarkup(t, list, p)
	form := p.FormValues("form.form-card")
	u.Admin.Post(list, form).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("client_ca", "Choose the authority")
	form.Set("client_ca", path.Base(next))
	p = u.Admin.Post(list, form).WantStatus(http.StatusOK).WantText(".announcement", "restart, one after the other")
	webtest.CheckMarkup(t, "second authority announced", p)
	u.Admin.Post(list, p.FormValues("form.announcement")).WantStatus(http.StatusSeeOther)
	u.Admin.Get(u.Endpoint).WantText("main", "Second client authority")
	u.Admin.Get(next).WantText("main", "main")
	u.Admin.Get("/certificates?authority="+path.Base(u.Authority)+"&use=client").WantText("main", "alice").WantText("main", "Only certificates issued by")
	u.Admin.Get(u.Server).WantText("main", "ChainExample CA")
	p = u.Admin.Get(list).WantText("main", "Remove Next CA")
	webtest.CheckMarkup(t, list, p)
	own := list + "/" + path.Base(u.Server) + "/remove"
	p = u.Admin.Get(own).WantText("main", "Those of Next CA go on working")
	webtest.CheckMarkup(t, own, p)
	removal := p.FormValues("main form")
	u.Admin.Post(own, removal).WantStatus(http.StatusSeeOther)
	if e := u.Stored(t); string(e.ClientCA) != path.Base(next) || e.SecondCA != "" {
		t.Errorf("the endpoint trusts %s and %s", e.ClientCA, e.SecondCA)
	}
	u.Admin.Post(own, removal).WantStatus(http.StatusConflict)
}
