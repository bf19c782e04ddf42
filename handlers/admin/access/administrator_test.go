package access_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"sallyport/web/webtest"
)

// accountPath finds the page of an account by its link in the list.
func accountPath(t testing.TB, b *webtest.Browser, username string) string {
	t.Helper()
	href, ok := b.Get("/administrators").Doc.Find("td a").FilterFunction(func(_ int, s *goquery.Selection) bool {
		return s.Text() == username
	}).Attr("href")
	if !ok {
		t.Fatalf("the list has no link to %s", username)
	}
	return href
}

func TestAdministratorsPage(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	form := url.Values{"username": {"Anna"}, "role": {"administrator"}, "password": {webtest.Password}, "password_again": {"something else"}}
	b.Post("/administrators/new", form).WantStatus(http.StatusUnprocessableEntity).WantFieldError("password_again", "differ")
	form.Set("password_again", webtest.Password)
	list := b.Follow(b.Post("/administrators/new", form)).WantStatus(http.StatusOK)
	list.WantText("[role=status]", "Administrator anna added").WantText("tbody", "anna Administrator")
	if again := b.Get("/administrators").Text(".alert"); again != "" {
		t.Errorf("the message %q is shown twice", again)
	}
	b.Post("/administrators/new", form).WantStatus(http.StatusUnprocessableEntity).WantFieldError("username", "already")
	b.Get("/administrators?q=ann").WantText(".list-summary", "1 administrator").WantText("tbody", "anna")
	b.Get("/administrators?q=zzz").WantText(".empty", "No administrators match")

	ro := s.SignIn(t, webtest.ReadOnly)
	seen := ro.Get("/administrators").WantStatus(http.StatusOK).WantText("tbody", "anna")
	if strings.Contains(seen.Text("main"), "Add administrator") {
		t.Errorf("a read-only account is offered to add an administrator")
	}
}

func TestAdministratorEdit(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	path := accountPath(t, b, webtest.ReadOnly)
	form := b.Get(path).WantStatus(http.StatusOK)
	version, _ := form.Doc.Find("input[name=version]").Attr("value")

	b.Follow(b.Post(path, url.Values{"version": {version}, "role": {"read-only"}, "disabled": {"on"}})).WantText("tbody", "Disabled")
	// Another administrator opened the form before that.
	late := b.Post(path, url.Values{"version": {version}, "role": {"administrator"}}).WantStatus(http.StatusUnprocessableEntity)
	late.WantText("[role=alert]", "changed")
	if late.Doc.Find("input[name=role][value=administrator][checked]").Length() == 0 {
		t.Errorf("the choice was lost")
	}
	b.Get("/administrators").WantText("tbody", "Read-only○ Disabled")

	own := accountPath(t, b, webtest.Administrator)
	if got, _ := b.Get(own).Doc.Find("main a:contains('Change password')").Attr("href"); got != "/account" {
		t.Errorf("one's own account leads to %q for a new password, want /account", got)
	}
	if b.Get(path).Doc.Find("main a[href='/account']").Length() != 0 {
		t.Error("the page of another account links to the own account")
	}
	version, _ = b.Get(own).Doc.Find("input[name=version]").Attr("value")
	b.Post(own, url.Values{"version": {version}, "role": {"read-only"}}).WantStatus(http.StatusUnprocessableEntity).
		WantText("[role=alert]", "your own rights")
}

// An account cannot reset its own password: changing it needs the current one.
func TestOwnPasswordCannotBeReset(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	const fresh = "another long password"
	b.Post(accountPath(t, b, webtest.Administrator)+"/password", url.Values{"password": {fresh}, "password_again": {fresh}}).
		WantStatus(http.StatusConflict).WantText("main", "with the present one")
	s.SignIn(t, webtest.Administrator) // still signs in as before
}

// Several accounts are disabled and enabled together. The signed-in account and those that are so already stay.
func TestSeveralAccounts(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	for _, name := range []string{"anna", "ben"} {
		b.Create("/administrators/new", url.Values{"username": {name}, "role": {"administrator"}, "password": {webtest.Password}, "password_again": {webtest.Password}})
	}
	anna := s.SignIn(t, "anna")
	list := b.Get("/administrators")
	webtest.CheckMarkup(t, "/administrators", list)
	if list.Row(webtest.Administrator).Doc.Find("input").Length() != 0 {
		t.Error("the signed-in account can be ticked")
	}
	id := func(name string) string { return path.Base(accountPath(t, b, name)) }
	chosen := url.Values{"id": {id("anna"), id("ben"), id(webtest.Administrator)}}
	p := b.Get("/administrators/disable?"+chosen.Encode()).WantText("h1", "Disable 3 accounts?").WantText("li", "anna").WantText("main", "These accounts:")
	webtest.CheckMarkup(t, "disable several", p)
	s.SignIn(t, webtest.ReadOnly).Post("/administrators/disable", chosen).WantStatus(http.StatusForbidden)
	anna.Get("/networks").WantStatus(http.StatusOK)
	b.Post("/administrators/disable", chosen).WantStatus(http.StatusUnprocessableEntity).WantText(".alert-success", "2 accounts disabled.").WantText("li", webtest.Administrator+": You cannot take your own rights away")
	if p := anna.Get("/networks"); p.Status != http.StatusSeeOther {
		t.Errorf("a disabled account still gets %d", p.Status)
	}
	b.Get("/administrators/disable?"+url.Values{"id": {id("anna")}}.Encode()).WantText(".alert", "None of the chosen rows").WantText("main", "Account anna is disabled already.")
	b.Follow(b.Post("/administrators/enable", url.Values{"id": {id("anna"), id("ben")}})).WantText("[role=status]", "2 accounts enabled.")
	s.SignIn(t, "anna").Get("/networks").WantStatus(http.StatusOK)
	b.Post("/administrators/enable", nil).WantText("main", "Select at least one row")
}
