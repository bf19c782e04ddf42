package identity_test

import (
	"net/url"
	"strings"
	"testing"

	"sallyport/web/webtest"
)

// One submit names all that is wrong with a directory.
func TestAllFaultsOfADirectory(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	wrong := url.Values{"name": {""}, "type": {""}, "urls": {"http://a ldap://_/"}, "ca": {"no certificate"}, "without_tls": {""}, "bind_dn": {""}, "bind_password": {""}, "base_dn": {""},
		"sign_in": {""}, "user_filter": {strings.Repeat("(", 1001)}}
	u.WantAllFaults(t, webtest.WrongForm{Path: created, Form: wrong, Want: map[string]string{
		"name": "Enter a name", "type": "Choose the type", "urls": "http://a is not a URL", "bind_dn": "service account", "bind_password": "password",
		"base_dn": "Enter the DN", "user_filter": "1001 characters"}, Right: []string{"without_tls", "sign_in", "ca", "mfa", "enrolment_code"}})
}
