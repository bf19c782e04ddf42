package access_test

import (
	"net/url"
	"testing"

	"sallyport/web/webtest"
)

// One submit names all that is wrong with an account or a password.
func TestAllFaultsOfAccounts(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	u.WantAllFaults(t, webtest.WrongForm{Path: "/administrators/new",
		Form: url.Values{"username": {webtest.Administrator}, "role": {"king"}, "password": {"short"}, "password_again": {"other"}},
		Want: map[string]string{"username": "already an account", "role": "Choose a role", "password": "at least 12", "password_again": "differ"}})
	u.WantAllFaults(t, webtest.WrongForm{Path: "/account/password",
		Form: url.Values{"current": {"wrong"}, "password": {"short"}, "password_again": {"other"}},
		Want: map[string]string{"current": "not your present password", "password": "at least 12", "password_again": "differ"}})
}
