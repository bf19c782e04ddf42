package selfservice_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"sallyport/control/controltest"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

const password vpn.Secret = "right-password"

// picture is a PNG file.
func picture(t *testing.T, w, h int) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w {
		m.Set(i, h/2, color.RGBA{200, 20, 20, 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// portal is a site whose endpoint has the portal, and a user of its directory at the public pages.
type portal struct {
	*webtest.Fixture
	user, reader *webtest.Browser
	id           vpn.EndpointID
}

func newPortal(t *testing.T) *portal {
	t.Helper()
	u := webtest.NewReadyEndpoint(t)
	u.Kit.Admin = u.Kit.Account("second", vpn.RoleAdministrator)
	spec := controltest.DirectorySpec()
	spec.Name = "corp"
	u.Kit.Directory.Put(password, vpn.ProviderUser{Key: "key-alice", Name: "alice"})
	d, err := u.Kit.Identity.CreateDirectory(t.Context(), u.Kit.Admin, spec)
	u.Kit.Must(err)
	form := u.EndpointForm("office", "10.40.0.0/22", "1195")
	for name, value := range map[string]string{"user_based": "on", "authentication": "directory", "directory": string(d.ID), "self_service_portal": "on"} {
		form.Set(name, value)
	}
	form.Del("mutual")
	created := u.Admin.Create("/endpoints/new", form)
	return &portal{u, u.Visitor(t).At(u.StartPublic(t)), u.SignIn(t, webtest.ReadOnly), vpn.EndpointID(path.Base(created))}
}

// The page says where the portal is, what it says of itself is on the public pages, and a picture that is none is refused.
func TestBranding(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	admin, reader := s.SignIn(t, webtest.Administrator), s.SignIn(t, webtest.ReadOnly)
	public := s.Visitor(t).At(s.StartPublic(t))
	page := admin.Get("/self-service-portal").WantStatus(http.StatusOK).WantText("main", "No endpoint has the portal on").WantText("main", webtest.PublicURL)
	webtest.CheckMarkup(t, "/self-service-portal", page)
	form := url.Values{"version": {page.Value("version")}, "title": {"Example <b>VPN</b>"}, "contact": {"help@example.com"}, "help": {"First line\nsecond <script>line"}}
	for what, file := range map[string]string{"svg": `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, "html": "<!doctype html><p>x", "text": "hello"} {
		refused := admin.PostFiles("/self-service-portal", form, map[string][]string{"logo": {file}}).WantStatus(http.StatusUnprocessableEntity).WantText("#logo-error", "no PNG or JPEG picture")
		if refused.Value("title") != form.Get("title") || strings.Contains(refused.Body, "alert(1)") {
			t.Errorf("%s: the form keeps %q", what, refused.Value("title"))
		}
	}
	admin.PostFiles("/self-service-portal", form, map[string][]string{"logo": {picture(t, 800, 200)}}).WantStatus(http.StatusSeeOther)
	saved := admin.Get("/self-service-portal").WantText("main", "Self-service portal saved.")
	webtest.CheckMarkup(t, "saved", saved)
	admin.Post("/self-service-portal", form).WantStatus(http.StatusConflict)
	reader.Post("/self-service-portal", form).WantStatus(http.StatusForbidden)
	webtest.CheckMarkup(t, "of a read-only account", reader.Get("/self-service-portal").WantStatus(http.StatusOK).WantText("main", "help@example.com"))

	entry := public.Get("/").WantStatus(http.StatusOK).WantText(".brand", "Example <b>VPN</b>").WantText("main", "help@example.com")
	webtest.CheckMarkup(t, "/", entry)
	if strings.Contains(entry.Body, "second") {
		t.Error("a visitor sees the help text")
	}
	logo, _ := entry.Doc.Find("img.logo").Attr("src")
	file := public.Get(logo).WantStatus(http.StatusOK)
	if facts, _, err := image.DecodeConfig(strings.NewReader(file.Body)); err != nil || facts.Width != 320 || facts.Height != 80 {
		t.Errorf("the logo is %+v, %v", facts, err)
	}
	for name, want := range map[string]string{"Content-Type": "image/png", "Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"} {
		if got := file.Header.Get(name); got != want {
			t.Errorf("%s of the logo: %q", name, got)
		}
	}
	public.Get("/logo/" + strings.Repeat("0", 64) + ".png").WantStatus(http.StatusNotFound)
	for _, kind := range []string{"", "?page=entry", "?page=sign-in"} {
		preview := admin.Get("/self-service-portal/preview"+kind).WantStatus(http.StatusOK).WantText(".brand", "Example <b>VPN</b>")
		if preview.Doc.Find("body > [inert] main").Length() != 1 {
			t.Errorf("the preview %s acts", kind)
		}
		src, _ := preview.Doc.Find("img.logo").Attr("src")
		admin.Get(src).WantStatus(http.StatusOK)
	}
	admin.Get("/self-service-portal/preview").WantText(".lines", "second <script>line")
	form.Set("version", saved.Value("version"))
	form.Set("remove_logo", "on")
	admin.Post("/self-service-portal", form).WantStatus(http.StatusSeeOther)
	if public.Get("/").Doc.Find("img.logo").Length() != 0 {
		t.Error("the removed logo is shown")
	}
	public.Get(logo).WantStatus(http.StatusNotFound)
}

// An installer is uploaded, users who are signed in get it whole or in ranges, and others do not.
func TestInstallers(t *testing.T) {
	t.Parallel()
	s := newPortal(t)
	const at = "/self-service-portal/installers/windows"
	page := s.Admin.Get(at).WantStatus(http.StatusOK).WantText("h1", "Program for Windows")
	webtest.CheckMarkup(t, at, page)
	s.Admin.Get("/self-service-portal/installers/plan9").WantStatus(http.StatusNotFound)
	program := url.Values{"program": {"openvpn-gui"}}
	s.Admin.PostFiles(at+"/file", program, map[string][]string{"file": {""}}).WantStatus(http.StatusUnprocessableEntity).WantText("#installer-file-error", "The file is empty.")
	s.Admin.PostFiles(at+"/file", nil, map[string][]string{"file": {"x"}}).WantStatus(http.StatusUnprocessableEntity).WantText("#file-program-error", "Choose the program")
	content := strings.Repeat("<script>alert(1)</script>", 100_000) // larger than any other form, and what browsers could take for a page
	s.Admin.PostFiles(at+"/file", program, map[string][]string{"file": {content}}).WantStatus(http.StatusSeeOther)
	s.reader.PostFiles(at+"/file", program, map[string][]string{"file": {"x"}}).WantStatus(http.StatusForbidden)
	webtest.CheckMarkup(t, "offered", s.Admin.Get(at).WantText("main", "file.pem, 2.5 MB"))
	s.Admin.Get("/self-service-portal").WantText("main", "OpenVPN GUI, file.pem, 2.5 MB")

	const file = "/portal/installers/windows"
	s.user.Get(file).WantStatus(http.StatusSeeOther)
	s.user.Get(s.id.PortalPath()).WantStatus(http.StatusOK)
	s.user.Follow(s.user.Post(s.id.PortalPath()+"/sign-in", url.Values{"username": {"alice"}, "password": {password.Reveal()}})).WantStatus(http.StatusOK)
	home := s.user.Get("/portal?platform=windows").WantText(".steps", "Install OpenVPN GUI").WantText(".steps", "From your administrators, 2.5 MB.")
	if home.Href("Download OpenVPN GUI") != file {
		t.Errorf("the link leads to %s", home.Href("Download OpenVPN GUI"))
	}
	got := s.user.Get(file).WantStatus(http.StatusOK)
	if got.Body != content {
		t.Errorf("got %d bytes", len(got.Body))
	}
	for name, want := range map[string]string{"Content-Type": "application/octet-stream", "Content-Disposition": "attachment; filename=file.pem", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Accept-Ranges": "bytes"} {
		if value := got.Header.Get(name); value != want {
			t.Errorf("%s: %q, want %q", name, value, want)
		}
	}
	part := s.user.Send(http.MethodGet, file, nil, http.Header{"Range": {"bytes=1999990-2000009"}, "If-Range": {got.Header.Get("ETag")}}).WantStatus(http.StatusPartialContent)
	if part.Body != content[1999990:2000010] {
		t.Errorf("the part is %q", part.Body)
	}
	// Thousands of ranges, each of which would have another piece read, are answered with the whole file.
	if p := s.user.Send(http.MethodGet, file, nil, http.Header{"Range": {"bytes=0-0,-1" + strings.Repeat(",0-0,-1", 3000)}}).WantStatus(http.StatusOK); p.Body != content {
		t.Errorf("with many ranges: %d bytes", len(p.Body))
	}
	s.user.Get("/portal/installers/macos").WantStatus(http.StatusNotFound)

	link := url.Values{"program": {"openvpn-connect"}, "link": {"http://example.com"}}
	s.Admin.Post(at+"/link", link).WantStatus(http.StatusUnprocessableEntity).WantFieldError("link", "begins with https://")
	link.Set("link", "https://software.example.com/vpn")
	s.Admin.Post(at+"/link", link).WantStatus(http.StatusSeeOther)
	if href := s.user.Get("/portal?platform=windows").Href("Download OpenVPN Connect"); href != "https://software.example.com/vpn" {
		t.Errorf("the link leads to %s", href)
	}
	s.user.Get(file).WantStatus(http.StatusNotFound)
	if to := s.Admin.Get(at).Href("Remove"); to != at+"/remove" {
		t.Errorf("Remove leads to %s", to)
	}
	s.reader.Get(at + "/remove").WantStatus(http.StatusForbidden)
	ask := s.Admin.Get(at+"/remove").WantStatus(http.StatusOK).WantText("main", "Remove the program for Windows?").WantText("main", "OpenVPN Connect, https://software.example.com/vpn")
	webtest.CheckMarkup(t, "remove", ask)
	s.Admin.Post(at+"/remove", nil).WantStatus(http.StatusSeeOther)
	s.Admin.Get(at + "/remove").WantStatus(http.StatusNotFound)
	s.user.Get("/portal?platform=windows").WantText(".steps", "OpenVPN Connect at openvpn.net")
}

// The list names who has downloaded what, and the endpoint its number of downloads.
func TestDownloads(t *testing.T) {
	t.Parallel()
	s := newPortal(t)
	webtest.CheckMarkup(t, "none", s.Admin.Get("/self-service-portal/downloads").WantStatus(http.StatusOK).WantText("main", "No user has downloaded a file yet"))
	s.user.Get(s.id.PortalPath())
	s.user.Follow(s.user.Post(s.id.PortalPath()+"/sign-in", url.Values{"username": {"alice"}, "password": {password.Reveal()}})).WantStatus(http.StatusOK)
	s.user.Post("/portal"+s.id.PortalPath()+"/configuration", nil).WantStatus(http.StatusOK)
	page := s.reader.Get("/self-service-portal/downloads?endpoint="+string(s.id)+"&q=ali").WantStatus(http.StatusOK).WantText("tbody", "alice").WantText("tbody", "present")
	webtest.CheckMarkup(t, "downloads", page)
	s.Admin.Get("/self-service-portal/downloads?q=bob").WantText("main", "No download")
	s.Admin.Get("/self-service-portal").WantText("main", "1")
	if csv := s.Admin.Get("/self-service-portal/downloads?format=csv"); !strings.Contains(csv.Body, "alice") {
		t.Errorf("the file is %q", csv.Body)
	}
}

// Where only this host reaches the public pages, the page and the endpoint say so beside the address.
func TestPortalOfThisHostAlone(t *testing.T) {
	t.Parallel()
	s := newPortal(t)
	paths := []string{"/self-service-portal", "/endpoints/" + string(s.id)}
	for _, path := range paths {
		if text := s.Admin.Get(path).Text("main"); strings.Contains(text, "from this host alone") {
			t.Errorf("%s: %s", path, text)
		}
	}
	s.Kit.Core.Settings.PublicURL = "https://localhost:8444"
	for _, path := range paths {
		s.Admin.Get(path).WantText("main", "reached from this host alone")
	}
}
