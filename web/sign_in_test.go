package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sallyport/control"
	"sallyport/control/access"
	"sallyport/vpn"
)

func credentials(username, password string) url.Values {
	return url.Values{"username": {username}, "password": {password}}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.visitor(t)
	wrong := b.post("/sign-in", credentials(boss, "wrong wrong wrong")).wantStatus(http.StatusUnprocessableEntity)
	unknown := b.post("/sign-in", credentials("nobody", "wrong wrong wrong")).wantStatus(http.StatusUnprocessableEntity)
	if wrong.text("[role=alert]") == "" || wrong.text("[role=alert]") != unknown.text("[role=alert]") {
		t.Errorf("a wrong password answers %q and an unknown user %q, want the same sentence", wrong.text("[role=alert]"), unknown.text("[role=alert]"))
	}
	p := b.post("/sign-in", credentials(boss, password)).wantStatus(http.StatusSeeOther)
	cookie := p.header.Get("Set-Cookie")
	for _, want := range []string{"__Host-sallyport=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie is %q, want %s in it", cookie, want)
		}
	}
	if strings.Contains(cookie, "Domain") {
		t.Errorf("the cookie is %q, want no domain", cookie)
	}
	b.follow(p).wantText(".top-user", "boss administrator")
	if log := s.kit.Log.String(); strings.Contains(log, password) || strings.Contains(log, b.cookie().Value) {
		t.Errorf("the log holds a password or a session's identifier")
	}
}

func TestSignInGivesANewSessionAndEndsTheOld(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.as(t, boss)
	old := b.cookie().Value
	b.post("/sign-in", credentials(boss, password)).wantStatus(http.StatusSeeOther)
	if b.cookie().Value == old {
		t.Fatal("the session kept its identifier through a sign-in")
	}
	thief := s.visitor(t)
	p := thief.send(http.MethodGet, "/", nil, http.Header{"Cookie": {"__Host-sallyport=" + old}})
	if p.status != http.StatusSeeOther {
		t.Errorf("the old session got status %d, want a redirect to the sign-in page", p.status)
	}
	// A cookie of the visitor's own making is never taken over as a session.
	p = thief.send(http.MethodPost, "/sign-in", strings.NewReader(credentials(boss, password).Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Cookie": {"__Host-sallyport=chosen-by-me"},
	})
	if strings.Contains(p.header.Get("Set-Cookie"), "chosen-by-me") {
		t.Errorf("a sign-in kept an identifier that the visitor chose")
	}
}

func TestSignOutEndsTheSessionAtTheServer(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.as(t, boss)
	value := b.cookie().Value
	b.post("/sign-out", nil).wantStatus(http.StatusSeeOther)
	if b.cookie() != nil {
		t.Errorf("the browser still has the cookie")
	}
	p := s.visitor(t).send(http.MethodGet, "/", nil, http.Header{"Cookie": {"__Host-sallyport=" + value}})
	if p.status != http.StatusSeeOther {
		t.Errorf("the ended session got status %d, want a redirect", p.status)
	}
}

func TestSignInComesBack(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.visitor(t)
	p := b.get("/administrators?q=b").wantStatus(http.StatusSeeOther)
	form := b.follow(p)
	next, _ := form.doc.Find("input[name=next]").Attr("value")
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
		in := credentials(boss, password)
		in.Set("next", typed)
		if got := s.visitor(t).post("/sign-in", in).header.Get("Location"); got != want {
			t.Errorf("next %q leads to %q, want %q", typed, got, want)
		}
	}
}

func TestSignInIsThrottled(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.visitor(t)
	for range 50 {
		p := b.post("/sign-in", credentials(boss, "wrong wrong wrong"))
		if p.status == http.StatusTooManyRequests {
			p.wantText("[role=alert]", "Too many attempts")
			return
		}
		p.wantStatus(http.StatusUnprocessableEntity)
	}
	t.Fatal("50 wrong passwords were all checked")
}

func TestDisabledAccountIsOutAtOnce(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.as(t, reader)
	by := control.Principal{Kind: control.Administrator, ID: string("admin-test"), Name: "test", Role: vpn.RoleAdministrator}
	list, err := s.kit.Access.Administrators(t.Context(), by, vpn.List{Search: reader})
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("got %d accounts and error %v, want one", len(list.Items), err)
	}
	a := list.Items[0]
	if _, err := s.kit.Access.EditAdministrator(t.Context(), by, a.ID, access.AdministratorEdit{Version: a.Version, Role: a.Role, Disabled: true}); err != nil {
		t.Fatal(err)
	}
	if got := b.get("/").header.Get("Location"); got != "/sign-in" {
		t.Errorf("a disabled account is led to %q, want /sign-in", got)
	}
	// A part of a page that renews itself takes the whole page along.
	p := b.send(http.MethodGet, "/settings", nil, http.Header{"Hx-Request": {"true"}})
	if p.status != http.StatusUnauthorized || p.header.Get("HX-Redirect") != "/sign-in" {
		t.Errorf("got status %d and HX-Redirect %q, want 401 and /sign-in", p.status, p.header.Get("HX-Redirect"))
	}
}
