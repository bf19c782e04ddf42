package endpoint

import (
	"strings"
	"testing"

	"sallyport/control"
)

// What keeps users from opening a one-time link is told before one is made.
func TestLinkWarning(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings control.Settings
		want     string // in the text; "": no warning
	}{
		"not served":  {control.Settings{PublicOff: "The port is taken."}, "are not served. Set public_listen"},
		"loopback":    {control.Settings{PublicURL: "https://localhost:8444", PublicOwnCertificate: true}, "which is reached from this host alone. Set public_listen"},
		"self-signed": {control.Settings{PublicURL: "https://203.0.113.2:8444", PublicOwnCertificate: true}, "Set public_tls_certificate"},
		"trusted":     {control.Settings{PublicURL: "https://portal.example.com"}, ""},
	} {
		got := linkWarning(c.settings)
		if (got == nil) != (c.want == "") || got != nil && (!strings.Contains(got.Text, c.want) || got.Action.Href != "/help/public-pages") {
			t.Errorf("%s: got %+v, want %q", name, got, c.want)
		}
	}
}
