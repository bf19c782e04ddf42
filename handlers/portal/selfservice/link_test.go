package selfservice_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/web/webtest"
)

// The page of a one-time link is read as often as one likes, by programs too; its button sends the file once.
func TestLinkPage(t *testing.T) {
	t.Parallel()
	s := controltest.NewSite(t)
	b := webtest.NewBrowser(t, webtest.NewPublic(t, s.Kit))
	made, err := s.Endpoints.MakeLink(t.Context(), s.Admin, s.Endpoint.ID, s.Alice.ID, "24")
	s.Must(err)
	path := strings.TrimPrefix(made.URL.Reveal(), controltest.PublicURL)
	for range 2 {
		p := b.Get(path).WantStatus(http.StatusOK).WantText("h1", "Your VPN configuration file").WantText("main", "as alice").WantText("main", "The link gives the file once")
		webtest.CheckMarkup(t, path, p)
		if p.Doc.Find("script").Length() != 1 || !strings.Contains(p.Header.Get("Content-Security-Policy"), "script-src 'self'") {
			t.Error("the script that writes the end of the link in the visitor's time does not run")
		}
		p.WantText("main time[datetime]", "UTC") // as it is read without scripts
		if strings.Contains(p.Text("main"), "enter your user name") {
			t.Error("the file has a certificate, and the steps ask for a user name")
		}
		if p.Header.Get("Cache-Control") != "no-store" || !strings.Contains("no-referrer same-origin", p.Header.Get("Referrer-Policy")) {
			t.Errorf("headers %v", p.Header)
		}
	}
	if p := b.Send(http.MethodHead, path, nil, nil); p.Status >= http.StatusInternalServerError {
		t.Errorf("HEAD: %d", p.Status)
	}
	b.Get(path+"?platform=android").WantText("h2", "Android")
	foreign := b.Send(http.MethodPost, path, strings.NewReader(""), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"cross-site"}})
	if foreign.Status != http.StatusForbidden {
		t.Errorf("a form of another site: %d", foreign.Status)
	}
	file := b.Post(path, nil).WantStatus(http.StatusOK)
	if !strings.Contains(file.Body, "PRIVATE KEY") || !strings.Contains(file.Header.Get("Content-Disposition"), "attachment") || file.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the file: %v", file.Header)
	}
	// The page goes on with the steps, and has no button any more.
	for _, again := range []webtest.Page{b.Post(path, url.Values{}).WantStatus(http.StatusGone), b.Get(path).WantStatus(http.StatusOK), b.Get(path + "?platform=android").WantStatus(http.StatusOK)} {
		again.WantText("[role=status]", "The file was downloaded on").WantText("#steps", "How to connect").WantText("main", "it was not you")
		webtest.CheckMarkup(t, "used", again)
		if again.Doc.Find("main form").Length() != 0 || strings.Contains(again.Body, "PRIVATE KEY") || !strings.Contains(again.Header.Get("Content-Security-Policy"), "script-src 'self'") {
			t.Error("a used link offers its file again")
		}
	}
	b.Get(path+"?platform=android&program=openvpn-for-android").WantText("#steps", "Android").WantText(".steps", "OpenVPN for Android").WantText(".steps", "among the downloads")
	s.Clock.Pass(24 * time.Hour)
	unknown := b.Get("/file/" + strings.Repeat("A", 22))
	webtest.CheckMarkup(t, "closed", unknown)
	for _, over := range []webtest.Page{unknown, b.Post(path, url.Values{}), b.Get(path)} {
		over.WantStatus(http.StatusNotFound).WantText("[role=alert]", "This link was used before, has expired or was withdrawn.").WantText(".steps", "your work account").WantText("main", "downloaded your configuration file already?")
		if over.Body != unknown.Body || strings.Contains(over.Body, string(s.Endpoint.ID)) || strings.Contains(over.Body, "alice") {
			t.Error("the pages of a link that is over and of an unknown one differ")
		}
	}
	b.Get("/file/nothing?platform=ios").WantText("#steps", "iPhone").WantText(".steps", "your work account")
}
