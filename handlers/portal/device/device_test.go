package device_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sallyport/control/controltest"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

const password vpn.Secret = "right-password"

// A user makes a file for a device, renews and removes it; another user has none of it.
func TestDevices(t *testing.T) {
	t.Parallel()
	s := controltest.NewSite(t)
	s.AskPasswords(true)
	for _, name := range []string{"alice", "bob"} {
		s.Directory.Put(password, vpn.ProviderUser{Key: "key-" + name, Name: name})
	}
	s.SetPortal(true)
	base := webtest.NewPublic(t, s.Kit)
	door := s.Endpoint.ID.PortalPath()
	signedIn := func(name string) *webtest.Browser {
		b := webtest.NewBrowser(t, base)
		b.Follow(b.Post(door+"/sign-in", url.Values{"username": {name}, "password": {password.Reveal()}})).WantStatus(http.StatusOK)
		return b
	}
	alice, bob := signedIn("alice"), signedIn("bob")
	home := alice.Get("/portal").WantText("nav", "Devices").WantText("main", "Add a device")
	webtest.CheckMarkup(t, "/portal", home)
	home.WantText(".steps", "Use the button Add a device above")
	alice.Get("/portal?platform=linux&program=openvpn").WantText(".steps", "Type the name of your file in place of cvpn-endpoint-….ovpn")
	if strings.Contains(home.Text("main"), "Download configuration file") {
		t.Error("the file without a certificate is offered beside")
	}
	empty := alice.Get("/portal/devices").WantText("main", "You have no device yet").WantText("main", "can be downloaded once").WantText("main", "You have 0 of 5 devices").WantText("main", "how to connect with the file")
	webtest.CheckMarkup(t, "/portal/devices", empty)
	form := func(name string) url.Values {
		return url.Values{"endpoint": {string(s.Endpoint.ID)}, "name": {name}}
	}
	alice.Post("/portal/devices", form(" ")).WantStatus(http.StatusUnprocessableEntity).WantText("#name-error", "Enter a name")
	file := alice.Post("/portal/devices", form("<phone>")).WantStatus(http.StatusOK)
	if !strings.Contains(file.Body, "PRIVATE KEY") || !strings.Contains(file.Header.Get("Content-Disposition"), "phone.ovpn") || !strings.Contains(file.Header.Get("Cache-Control"), "no-store") {
		t.Errorf("%v\n%s", file.Header, file.Body)
	}
	if n := s.Query("SELECT handed_out FROM profile_offer"); len(n) != 1 || n[0] != "1" {
		t.Errorf("%v files are counted, want 1", n)
	}
	list := alice.Get("/portal/devices").WantText("main", "<phone>").WantText("main", "never").WantText("main", "You have 1 of 5")
	webtest.CheckMarkup(t, "/portal/devices", list)
	remove := list.Doc.Find("a[href$='/remove']").AttrOr("href", "")
	device := strings.TrimSuffix(remove, "/remove")

	// Another user, and another ID, have the same answer.
	if text := bob.Get("/portal/devices").Text("main"); strings.Contains(text, "phone") {
		t.Errorf("bob sees %s", text)
	}
	for _, path := range []string{device, "/portal/devices/device-00000000000000000"} {
		bob.Get(path + "/remove").WantStatus(http.StatusNotFound)
		bob.Post(path+"/remove", nil).WantStatus(http.StatusNotFound)
		bob.Post(path+"/renew", nil).WantStatus(http.StatusNotFound)
	}
	if to := webtest.NewBrowser(t, base).Get("/portal/devices"); to.Status != http.StatusSeeOther {
		t.Errorf("a visitor: %d", to.Status)
	}

	if renewed := alice.Post(device+"/renew", nil).WantStatus(http.StatusOK); !strings.Contains(renewed.Body, "PRIVATE KEY") || renewed.Body == file.Body {
		t.Error("the renewed file is no new one")
	}
	list = alice.Get("/portal/devices").WantText("main", "revoked: replaced by a new file").WantText("main", "You have 1 of 5")
	remove = list.Doc.Find("a[href$='/remove']").AttrOr("href", "")
	webtest.CheckMarkup(t, "remove", alice.Get(remove).WantText("h1", "Remove <phone>?"))
	alice.Follow(alice.Post(remove, nil)).WantText("[role=status]", "was removed").WantText("main", "removed by its user")

	// Where no devices are made, the administrator gives the complete file.
	s.Exec("UPDATE certificate SET has_key = 0 WHERE id = '" + string(s.CA.ID) + "'")
	if p := bob.Get("/portal").WantText("main", "Ask your administrator for the complete file"); strings.Contains(p.Text("nav"), "Devices") {
		t.Error("the page Devices is offered")
	}
	bob.Post("/portal/devices", form("phone")).WantStatus(http.StatusUnprocessableEntity)
}
