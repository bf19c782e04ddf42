package endpoint_test

import (
	"net/http"
	"net/url"
	"testing"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

// announce posts the form of an endpoint with changes, and expects the page that tells what they do.
func announce(t *testing.T, u *webtest.Fixture, change url.Values) (webtest.Page, url.Values) {
	t.Helper()
	form := u.Admin.Get(u.Endpoint + "/edit").FormValues("form.form-card")
	for name, value := range change {
		form[name] = value
	}
	p := u.Admin.Post(u.Endpoint+"/edit", form)
	p.WantStatus(http.StatusOK).WantText("h2", "What this change does")
	return p, p.FormValues("form.announcement")
}

// A change that makes files useless says so and asks for a word; what was typed is kept on the way there and back.
func TestModifyAnnounces(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	u.Connect(t, "alice", "10.20.0.2", vpn.ConnectionActive)
	u.Connect(t, "alice", "10.20.0.3", vpn.ConnectionActive)
	u.Connect(t, "bob", "10.20.0.4", vpn.ConnectionActive)
	u.Admin.Post(u.Endpoint+"/configuration/download", nil).WantStatus(http.StatusOK)
	p, form := announce(t, u, url.Values{"port": {"1194"}, "banner": {"line 1\r\nline 2"}})
	p.WantText(".announcement", "1 configuration file that was downloaded stops working. 2 users are cut off until they have a new file.").
		WantText(".announcement", "3 connections of 2 users are reset.").WantText(".announcement", "type replace here")
	p.WantText(".changes", "VPN portBefore: 443 → After: 1194").WantText(".changes details", "BeforenothingAfterline 1 line 2")
	if got := p.Doc.Find(".changes dt").Length(); got != 2 {
		t.Errorf("%d settings change: %s", got, p.Text(".changes"))
	}
	webtest.CheckMarkup(t, "announcement", p)
	if u.Stored(t).Listen.Port != 443 {
		t.Fatal("the announcement saved the change")
	}

	back := url.Values{"back": {"form"}}
	for name, value := range form {
		back[name] = value
	}
	u.Admin.Post(u.Endpoint+"/edit", back).WantStatus(http.StatusOK).WantValue("port", "1194").WantValue("banner", "line 1\nline 2")

	form.Set("confirm", "yes")
	u.Admin.Post(u.Endpoint+"/edit", form).WantStatus(http.StatusUnprocessableEntity).WantText("#confirm-error", "Type the word replace")
	form.Set("confirm", "replace")
	form.Set("announced", "next")
	u.Admin.Post(u.Endpoint+"/edit", form).WantStatus(http.StatusConflict).WantText(".alert", "is different now from what was announced")
	form.Set("announced", "files restart")
	if to := u.Admin.Create(u.Endpoint+"/edit", form); to != u.Endpoint+"/configuration" {
		t.Errorf("the change of the port leads to %s", to)
	}
	u.Admin.Get(u.Endpoint+"/configuration").WantText("[role=status]", "Client VPN endpoint modified. 2 users need a new file.")
	if got := u.Stored(t); got.Listen.Port != 1194 || got.Banner != "line 1\nline 2" {
		t.Errorf("stored %d %q", got.Listen.Port, got.Banner)
	}
}

// What clients learn when they connect is a choice; what concerns no one is saved at once.
func TestModifyOffersToReconnect(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	version := u.Admin.Get(u.Endpoint + "/edit").FormValues("form.form-card")
	version.Set("split_tunnel", "on")
	version.Set("dns_enabled", "on")
	u.Admin.Create(u.Endpoint+"/edit", version)
	u.Connect(t, "alice", "10.20.0.2", vpn.ConnectionActive)
	p, form := announce(t, u, url.Values{"dns1": {"10.0.0.2"}})
	p.WantText(".changes", "DNS Server 1 IP addressBefore: nothing → After: 10.0.0.2")
	p.WantText(".announcement", "1 user is connected now").WantText(".announcement", "On their next connection")
	if form.Get("reconnect") != "later" {
		t.Errorf("%q is chosen beforehand", form.Get("reconnect"))
	}
	form.Set("reconnect", "now")
	u.Admin.Create(u.Endpoint+"/edit", form)
	if e := u.Stored(t); e.PushGeneration != e.Generation || e.DNS1.String() != "10.0.0.2" {
		t.Errorf("stored %+v", e)
	}
}

func TestRotateKeyOfFiles(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	u.Connect(t, "alice", "10.20.0.2", vpn.ConnectionActive)
	u.Admin.Get(u.Endpoint+"/rules").WantText(".dropdown-menu", "Rotate key of configuration files")
	key := u.Stored(t).TLSCrypt
	form := u.Admin.Get(u.Endpoint+"/rotate-key").WantText(".announcement", "1 user is cut off until they have a new file.").FormValues("form.announcement")
	u.Admin.Post(u.Endpoint+"/rotate-key", form).WantStatus(http.StatusUnprocessableEntity).WantText("#confirm-error", "Type the word replace")
	form.Set("confirm", "replace")
	stale := url.Values{"version": {"0"}, "announced": form["announced"], "confirm": form["confirm"]}
	u.Admin.Post(u.Endpoint+"/rotate-key", stale).WantStatus(http.StatusConflict).WantText(".alert", "Another administrator")
	if u.Stored(t).TLSCrypt != key {
		t.Fatal("the key changed")
	}
	u.Admin.Create(u.Endpoint+"/rotate-key", form)
	if u.Stored(t).TLSCrypt == key {
		t.Error("the key is the same")
	}
}

// The page of the file says how many were handed out, and how many of them work.
func TestHandedOutFiles(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	for range 2 {
		u.Admin.Post(u.Endpoint+"/configuration/download", nil).WantStatus(http.StatusOK)
	}
	u.Admin.Get(u.Endpoint+"/configuration").WantText("main", "2 downloads")
	_, form := announce(t, u, url.Values{"port": {"1194"}})
	form.Set("confirm", "replace")
	u.Admin.Create(u.Endpoint+"/edit", form)
	u.Admin.Post(u.Endpoint+"/configuration/download", nil).WantStatus(http.StatusOK)
	u.Admin.Get(u.Endpoint+"/configuration").WantText("main", "3 downloads").WantText("main", "2 of other settings no longer work.")
}
