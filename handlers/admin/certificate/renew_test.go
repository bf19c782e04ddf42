package certificate_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

// Renewing a server certificate says which endpoints use it and what their clients notice, and then does it.
func TestRenewAnnounces(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	u.Connect(t, "alice", "10.20.0.2", vpn.ConnectionActive)
	server := u.Server
	before := u.Admin.Get(server).WantText("main", "Renewal").Text("main")
	p := u.Admin.Get(server+"/renew").WantValue("valid_days", "825").WantText("main", "configuration files that were handed out go on working")
	webtest.CheckMarkup(t, "renew", p)
	u.Admin.Post(server+"/renew", url.Values{"valid_days": {"0"}}).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("valid_days", "number of days")
	p = u.Admin.Post(server+"/renew", url.Values{"valid_days": {"100"}}).WantStatus(http.StatusOK).
		WantText(".announcement", "It is used by endpoint").WantText(".announcement", "restart, one after the other")
	webtest.CheckMarkup(t, "renewal announced", p)
	u.Admin.Post(server+"/renew", p.FormValues("form.announcement")).WantStatus(http.StatusSeeOther)
	if after := u.Admin.Get(server).WantText(".alert", "will be reset for a moment").Text("main"); after == before || strings.Contains(after, "Client certificate") {
		t.Error("the certificate is the one of before")
	}
}

// A client gets a second certificate, and the page asks what becomes of the first.
func TestRenewClientCertificate(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	ca := b.Create("/certificates/authority/new", url.Values{"common_name": {"Example CA"}, "key_type": {"ECDSA P-256"}})
	alice := b.Create("/certificates/issue", url.Values{"authority": {ca[len("/certificates/"):]}, "use": {"client"}, "common_name": {"alice"}, "key_type": {"ECDSA P-256"}})
	form := b.Get(alice+"/renew").WantText("main", "The certificate of before").WantText("main", "Revoke it now").FormValues("form.form-card")
	form.Set("old", "end")
	next := b.Post(alice+"/renew", form).WantStatus(http.StatusSeeOther).Header.Get("Location")
	if next == alice {
		t.Error("the certificate of before was changed")
	}
	b.Get(alice).WantText("main", "Another certificate replaces it")
	b.Get(next).WantText("h1", "alice")
	b.Get(ca+"/renew").WantText("main", "It keeps its name, its key and its ID")
}
