package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestSetupCreatesTheFirstAdministrator(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token, _, err := s.kit.Access.NewSetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := s.visitor(t)
	b.get("/sign-in").wantStatus(http.StatusOK).wantText("main", "sallyport admin setup-link")
	b.get("/setup").wantStatus(http.StatusForbidden)
	b.get("/setup?token=guess").wantStatus(http.StatusForbidden).wantText("main", "cannot be used")

	form := b.get("/setup?token=" + token).wantStatus(http.StatusOK)
	if got, _ := form.doc.Find("input[name=token]").Attr("value"); got != token {
		t.Fatalf("the form carries token %q, want %q", got, token)
	}
	in := url.Values{"token": {token}, "username": {"Boss"}, "password": {"short"}, "password_again": {"short"}}
	again := b.post("/setup", in).wantStatus(http.StatusUnprocessableEntity)
	again.wantFieldError("password", "at least 12 are needed")
	if got, _ := again.doc.Find("input[name=username]").Attr("value"); got != "Boss" {
		t.Errorf("the user name came back as %q, want what was typed", got)
	}
	if got, _ := again.doc.Find("input[name=password]").Attr("value"); got != "" {
		t.Errorf("the password was sent back")
	}
	if b.cookie() != nil {
		t.Errorf("a refused set-up gave a session")
	}

	in.Set("password", password)
	in.Set("password_again", password)
	start := b.follow(b.post("/setup", in)).wantStatus(http.StatusOK)
	start.wantText("h1", "Getting started").wantText(".top-user", "boss")

	other := s.visitor(t)
	other.post("/setup", in).wantStatus(http.StatusSeeOther) // an administrator exists: to the sign-in page
	if other.cookie() != nil {
		t.Errorf("a used set-up link gave a session")
	}
	if strings.Contains(s.kit.Log.String(), token) {
		t.Errorf("the set-up link's secret is in the log")
	}
}
