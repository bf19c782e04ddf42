package access_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sallyport/web/webtest"
)

func TestSetupCreatesTheFirstAdministrator(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	token, _, err := s.Kit.Access.NewSetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := s.Visitor(t)
	b.Get("/sign-in").WantStatus(http.StatusOK).WantText("main", "sallyport admin setup-link")
	b.Get("/setup").WantStatus(http.StatusForbidden)
	b.Get("/setup?token=guess").WantStatus(http.StatusForbidden).WantText("main", "cannot be used")

	form := b.Get("/setup?token=" + token).WantStatus(http.StatusOK)
	if got, _ := form.Doc.Find("input[name=token]").Attr("value"); got != token {
		t.Fatalf("the form carries token %q, want %q", got, token)
	}
	in := url.Values{"token": {token}, "username": {"Boss"}, "password": {"short"}, "password_again": {"short"}}
	again := b.Post("/setup", in).WantStatus(http.StatusUnprocessableEntity)
	again.WantFieldError("password", "at least 12 are needed")
	if got, _ := again.Doc.Find("input[name=username]").Attr("value"); got != "Boss" {
		t.Errorf("the user name came back as %q, want what was typed", got)
	}
	if got, _ := again.Doc.Find("input[name=password]").Attr("value"); got != "" {
		t.Errorf("the password was sent back")
	}
	if b.Cookie() != nil {
		t.Errorf("a refused set-up gave a session")
	}

	in.Set("password", webtest.Password)
	in.Set("password_again", webtest.Password)
	start := b.Follow(b.Post("/setup", in)).WantStatus(http.StatusOK)
	start.WantText("h1", "Overview").WantText(".top-user", "admin")

	other := s.Visitor(t)
	other.Post("/setup", in).WantStatus(http.StatusSeeOther) // an administrator exists: to the sign-in page
	if other.Cookie() != nil {
		t.Errorf("a used set-up link gave a session")
	}
	if strings.Contains(s.Kit.Log.String(), token) {
		t.Errorf("the set-up link's secret is in the log")
	}
}
