package certificate_test

import (
	"net/url"
	"strings"
	"testing"

	"sallyport/web/webtest"
)

// One submit names all that is wrong with a certificate.
func TestAllFaultsOfCertificates(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	long := strings.Repeat("n", 256)
	u.WantAllFaults(t, webtest.WrongForm{Path: "/certificates/authority/new",
		Form: url.Values{"common_name": {""}, "name": {long}, "key_type": {"RSA 1024"}, "valid_days": {"forever"}},
		Want: map[string]string{"common_name": "Enter a common name", "name": "256 characters", "key_type": "RSA 1024 is not offered", "valid_days": "number of days"}})
	u.WantAllFaults(t, webtest.WrongForm{Path: "/certificates/issue",
		Form: url.Values{"use": {"server"}, "authority": {"cert-gone"}, "common_name": {""}, "name": {long}, "dns_names": {"a_b, c d!"}, "key_type": {""}, "valid_days": {"-1"}},
		Want: map[string]string{"authority": "does not exist any more", "common_name": "Enter a common name", "name": "256 characters",
			"dns_names": `"a_b" is not a host name. "d!" is not a host name.`, "key_type": "Choose a key type", "valid_days": "number of days"},
		Right: []string{"use"}})
	u.WantAllFaults(t, webtest.WrongForm{Path: "/certificates/import",
		Form: url.Values{"use": {"server"}, "name": {"a<b"}, "certificate": {"what"}, "private_key": {"is"}, "chain": {"this"}},
		Want: map[string]string{"name": "is not allowed", "certificate": "This is not PEM", "private_key": "This is not PEM", "chain": "This is not PEM"}, Right: []string{"use", "passphrase"}, Secret: []string{"private_key"}})
}
