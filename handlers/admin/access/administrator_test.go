package access_test

import (
	"net/http"
	"net/url"
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
