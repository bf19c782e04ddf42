package access_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sallyport/control"
	"sallyport/control/access"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.Visitor(t)
	wrong := b.Post("/sign-in", webtest.Credentials(webtest.Administrator, "wrong wrong wrong")).WantStatus(http.StatusUnprocessableEntity)
	unknown := b.Post("/sign-in", webtest.Credentials("nobody", "wrong wrong wrong")).WantStatus(http.StatusUnprocessableEntity)
	if wrong.Text("[role=alert]") == "" || wrong.Text("[role=alert]") != unknown.Text("[role=alert]") {
		t.Errorf("a wrong password answers %q and an unknown user %q, want the same sentence", wrong.Text("[role=alert]"), unknown.Text("[role=alert]"))
	}
	p := b.Post("/sign-in", webtest.Credentials(webtest.Administrator, webtest.Password)).WantStatus(http.StatusSeeOther)
	cookie := p.Header.Get("Set-Cookie")
	for _, want := range []string{"__Host-sallyport=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie is %q, want %s in it", cookie, want)
		}
	}
	if strings.Contains(cookie, "Domain") {
		t.Errorf("the cookie is %q, want no domain", cookie)
	}
	b.Follow(p).WantText(".top-user", "admin administrator")
	if log := s.Kit.Log.String(); strings.Contains(log, webtest.Password) || strings.Contains(log, b.Cookie().Value) {
		t.Errorf("the log holds a password or a session's identifier")
	}
}

func TestSignInGivesANewSessionAndEndsTheOld(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	old := b.Cookie().Value
	b.Post("/sign-in", webtest.Credentials(webtest.Administrator, webtest.Password)).WantStatus(http.StatusSeeOther)
	if b.Cookie().Value == old {
		t.Fatal("the session kept its identifier through a sign-in")
	}
	thief := s.Visitor(t)
	p := thief.Send(http.MethodGet, "/", nil, http.Header{"Cookie": {"__Host-sallyport=" + old}})
	if p.Status != http.StatusSeeOther {
		t.Errorf("the old session got status %d, want a redirect to the sign-in page", p.Status)
	}
	// A cookie that the server did not send never becomes a session.
	p = thief.Send(http.MethodPost, "/sign-in", strings.NewReader(webtest.Credentials(webtest.Administrator, webtest.Password).Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Cookie": {"__Host-sallyport=chosen-by-me"},
	})
	if strings.Contains(p.Header.Get("Set-Cookie"), "chosen-by-me") {
		t.Errorf("a sign-in kept an identifier that the visitor chose")
	}
}

func TestSignOutEndsTheSessionAtTheServer(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	value := b.Cookie().Value
	b.Post("/sign-out", nil).WantStatus(http.StatusSeeOther)
	if b.Cookie() != nil {
		t.Errorf("the browser still has the cookie")
	}
	p := s.Visitor(t).Send(http.MethodGet, "/", nil, http.Header{"Cookie": {"__Host-sallyport=" + value}})
	if p.Status != http.StatusSeeOther {
		t.Errorf("the ended session got status %d, want a redirect", p.Status)
	}
}

func TestSignInReturnsToThePage(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.Visitor(t)
	p := b.Get("/administrators?q=b").WantStatus(http.StatusSeeOther)
	form := b.Follow(p)
	next, _ := form.Doc.Find("input[name=next]").Attr("value")
	if next != "/administrators?q=b" {
		t.Errorf("next is %q, want the page that was asked for", next)
	}
	for typed, want := range map[string]string{
		"/administrators?q=b": "/administrators?q=b",
		"//evil.example":      "/",
		"https://evil.test/":  "/",
		`/\evil.example`:      "/",
		"/\tevil":             "/",
		"":                    "/",
	} {
		in := webtest.Credentials(webtest.Administrator, webtest.Password)
		in.Set("next", typed)
		if got := s.Visitor(t).Post("/sign-in", in).Header.Get("Location"); got != want {
			t.Errorf("next %q leads to %q, want %q", typed, got, want)
		}
	}
}

func TestSignInIsThrottled(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.Visitor(t)
	for range 50 {
		p := b.Post("/sign-in", webtest.Credentials(webtest.Administrator, "wrong wrong wrong"))
		if p.Status == http.StatusTooManyRequests {
			p.WantText("[role=alert]", "Too many attempts")
			return
		}
		p.WantStatus(http.StatusUnprocessableEntity)
	}
	t.Fatal("50 wrong passwords were all checked")
}

func TestDisablingAnAccountEndsItsSessions(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.ReadOnly)
	by := control.SystemPrincipal("test")
	list, err := s.Kit.Access.Administrators(t.Context(), by, vpn.List{Search: webtest.ReadOnly})
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("got %d accounts and error %v, want one", len(list.Items), err)
	}
	a := list.Items[0]
	if _, err := s.Kit.Access.EditAdministrator(t.Context(), by, a.ID, access.AdministratorEdit{Version: a.Version, Role: a.Role, Disabled: true}); err != nil {
		t.Fatal(err)
	}
	if got := b.Get("/").Header.Get("Location"); got != "/sign-in" {
		t.Errorf("a disabled account is led to %q, want /sign-in", got)
	}
	// A part of a page that renews itself makes the browser load the sign-in page.
	p := b.Send(http.MethodGet, "/node", nil, http.Header{"Hx-Request": {"true"}})
	if p.Status != http.StatusUnauthorized || p.Header.Get("HX-Redirect") != "/sign-in" {
		t.Errorf("got status %d and HX-Redirect %q, want 401 and /sign-in", p.Status, p.Header.Get("HX-Redirect"))
	}
}

// A form that is sent after the session ended says that it was not saved, and leads back to its page.
func TestFormWithoutASession(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.Visitor(t)
	form := url.Values{"name": {"office"}, "cidrs": {"10.0.0.0/16"}}
	for referer, want := range map[string]string{s.URL + "/networks/new?a=b": "/networks/new?a=b", "https://evil.example/networks/new": "/", "": "/"} {
		r := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"}, "Referer": {referer}}
		p := b.Follow(b.Send(http.MethodPost, "/networks/new", strings.NewReader(form.Encode()), r).WantStatus(http.StatusSeeOther))
		p.WantText("form", "was not saved").WantValue("next", want)
	}
	if p := b.Get("/sign-in"); strings.Contains(p.Text("main, body"), "not saved") {
		t.Error("the sign-in page speaks of a form though none was sent")
	}
}
