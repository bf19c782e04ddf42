package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// accountPath finds the page of an account by its link in the list.
func accountPath(t testing.TB, b *browser, username string) string {
	t.Helper()
	href, ok := b.get("/administrators").doc.Find("td a").FilterFunction(func(_ int, s *goquery.Selection) bool {
		return s.Text() == username
	}).Attr("href")
	if !ok {
		t.Fatalf("the list has no link to %s", username)
	}
	return href
}

func TestAdministratorsPage(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.as(t, boss)
	form := url.Values{"username": {"Anna"}, "role": {"administrator"}, "password": {password}, "password_again": {"something else"}}
	b.post("/administrators/new", form).wantStatus(http.StatusUnprocessableEntity).wantFieldError("password_again", "differ")
	form.Set("password_again", password)
	list := b.follow(b.post("/administrators/new", form)).wantStatus(http.StatusOK)
	list.wantText("[role=status]", "Administrator anna added").wantText("tbody", "anna Administrator")
	if again := b.get("/administrators").text(".alert"); again != "" {
		t.Errorf("the message %q is shown twice", again)
	}
	b.post("/administrators/new", form).wantStatus(http.StatusUnprocessableEntity).wantFieldError("username", "already")
	b.get("/administrators?q=ann").wantText(".table-tools", "1 administrator").wantText("tbody", "anna")
	b.get("/administrators?q=zzz").wantText(".empty", "No administrators match")

	ro := s.as(t, reader)
	seen := ro.get("/administrators").wantStatus(http.StatusOK).wantText("tbody", "anna")
	if strings.Contains(seen.text("main"), "Add administrator") {
		t.Errorf("a read-only account is offered to add an administrator")
	}
}

func TestAdministratorEdit(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.as(t, boss)
	path := accountPath(t, b, reader)
	form := b.get(path).wantStatus(http.StatusOK)
	version, _ := form.doc.Find("input[name=version]").Attr("value")

	b.follow(b.post(path, url.Values{"version": {version}, "role": {"read-only"}, "disabled": {"on"}})).wantText("tbody", "Disabled")
	// Somebody else's form was filled before that.
	late := b.post(path, url.Values{"version": {version}, "role": {"administrator"}}).wantStatus(http.StatusUnprocessableEntity)
	late.wantText("[role=alert]", "changed")
	if late.doc.Find("input[name=role][value=administrator][checked]").Length() == 0 {
		t.Errorf("the choice was lost")
	}
	b.get("/administrators").wantText("tbody", "Read-only○ Disabled")

	own := accountPath(t, b, boss)
	if got, _ := b.get(own).doc.Find("main a:contains('Change password')").Attr("href"); got != "/account" {
		t.Errorf("one's own account leads to %q for a new password, want /account", got)
	}
	if b.get(path).doc.Find("main a[href='/account']").Length() != 0 {
		t.Error("somebody else's account leads to one's own")
	}
	version, _ = b.get(own).doc.Find("input[name=version]").Attr("value")
	b.post(own, url.Values{"version": {version}, "role": {"read-only"}}).wantStatus(http.StatusUnprocessableEntity).
		wantText("[role=alert]", "your own rights")
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b, ro := s.as(t, boss), s.as(t, reader)
	path := accountPath(t, b, reader)
	const fresh = "another long password"
	b.post(path+"/password", url.Values{"password": {fresh}, "password_again": {""}}).
		wantStatus(http.StatusUnprocessableEntity).wantFieldError("password_again", "differ")
	b.follow(b.post(path+"/password", url.Values{"password": {fresh}, "password_again": {fresh}})).wantText("[role=status]", "reset")
	ro.get("/").wantStatus(http.StatusSeeOther) // its session ended
	ro.post("/sign-in", credentials(reader, password)).wantStatus(http.StatusUnprocessableEntity)
	ro.post("/sign-in", credentials(reader, fresh)).wantStatus(http.StatusSeeOther)

	// A password manager sees whose password the form changes.
	own := ro.get("/account").wantStatus(http.StatusOK)
	checkMarkup(t, "/account", own)
	if got, _ := own.doc.Find("form[action='/account/password'] input[autocomplete=username]").Attr("value"); got != reader {
		t.Errorf("the form to change the password is for %q, want %q", got, reader)
	}

	// A read-only account changes its own password all the same.
	ro.post("/account/password", url.Values{"current": {"wrong"}, "password": {password}, "password_again": {password}}).
		wantStatus(http.StatusUnprocessableEntity).wantFieldError("current", "not your present password")
	ro.follow(ro.post("/account/password", url.Values{"current": {fresh}, "password": {password}, "password_again": {password}})).
		wantStatus(http.StatusOK).wantText("[role=status]", "password is changed")
}

func TestTheme(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.as(t, boss)
	if _, ok := b.get("/").doc.Find("html").Attr("data-bs-theme"); ok {
		t.Errorf("a theme is set although none was chosen")
	}
	p := b.post("/theme", url.Values{"theme": {"dark"}, "return": {"/administrators?q=x"}})
	if got, _ := b.follow(p).doc.Find("html").Attr("data-bs-theme"); got != "dark" {
		t.Errorf("the theme is %q, want dark", got)
	}
	if got := p.header.Get("Location"); got != "/administrators?q=x" {
		t.Errorf("the switch leads to %q, want back", got)
	}
	b.post("/theme", url.Values{"theme": {`x" onload="`}}).wantStatus(http.StatusBadRequest)
	if got := b.post("/theme", url.Values{"theme": {"light"}, "return": {"//evil.example"}}).header.Get("Location"); got != "/" {
		t.Errorf("the switch leads to %q, want /", got)
	}
}

func TestGettingStartedSaysWhatIsNext(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	p := s.as(t, boss).get("/").wantStatus(http.StatusOK)
	p.wantText(".guide-step-next .guide-title", "Prerequisites").wantText(".guide-step-next a", "Create network")
	for _, want := range []string{"Generate server and client certificates", "Create a Client VPN endpoint", "Associate a target network", "Add an authorization rule", "internet", "configuration file", "Connect to the Client VPN endpoint"} {
		p.wantText(".guide-steps", want)
	}
	if got := s.as(t, reader).get("/").text(".guide-step-next"); strings.Contains(got, "Create network") {
		t.Errorf("a read-only account is offered to create a network")
	}
}

// A browser left open for a minute does not lose the account: one's own password needs the present one.
func TestNobodyResetsTheirOwnPassword(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.as(t, boss)
	const fresh = "another long password"
	b.post(accountPath(t, b, boss)+"/password", url.Values{"password": {fresh}, "password_again": {fresh}}).
		wantStatus(http.StatusConflict).wantText("main", "with the present one")
	s.as(t, boss) // still signs in as before
}
