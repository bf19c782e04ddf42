package access_test

import (
	"net/http"
	"net/url"
	"testing"

	"sallyport/web/webtest"
)

func TestPasswords(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b, ro := s.SignIn(t, webtest.Administrator), s.SignIn(t, webtest.ReadOnly)
	path := accountPath(t, b, webtest.ReadOnly)
	const fresh = "another long password"
	b.Post(path+"/password", url.Values{"password": {fresh}, "password_again": {""}}).
		WantStatus(http.StatusUnprocessableEntity).WantFieldError("password_again", "differ")
	b.Follow(b.Post(path+"/password", url.Values{"password": {fresh}, "password_again": {fresh}})).WantText("[role=status]", "reset")
	ro.Get("/").WantStatus(http.StatusSeeOther) // its session ended
	ro.Post("/sign-in", webtest.Credentials(webtest.ReadOnly, webtest.Password)).WantStatus(http.StatusUnprocessableEntity)
	ro.Post("/sign-in", webtest.Credentials(webtest.ReadOnly, fresh)).WantStatus(http.StatusSeeOther)

	// The form names the account for password managers.
	own := ro.Get("/account").WantStatus(http.StatusOK)
	webtest.CheckMarkup(t, "/account", own)
	if got, _ := own.Doc.Find("form[action='/account/password'] input[autocomplete=username]").Attr("value"); got != webtest.ReadOnly {
		t.Errorf("the form to change the password is for %q, want %q", got, webtest.ReadOnly)
	}

	// A read-only account can change its own password.
	ro.Post("/account/password", url.Values{"current": {"wrong"}, "password": {webtest.Password}, "password_again": {webtest.Password}}).
		WantStatus(http.StatusUnprocessableEntity).WantFieldError("current", "not your present password")
	ro.Follow(ro.Post("/account/password", url.Values{"current": {fresh}, "password": {webtest.Password}, "password_again": {webtest.Password}})).
		WantStatus(http.StatusOK).WantText("[role=status]", "password is changed")
}
