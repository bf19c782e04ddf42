package certificate_test

import (
	"path"
	"strings"
	"testing"

	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

// A client certificate says when it was last used and where, also when the endpoint was deleted.
func TestLastUsed(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	u.Admin.Get(u.Client).WantText("main", "Last usedNot yet")
	var certificate vpn.Certificate
	use := func(endpoint string) {
		t.Helper()
		u.Kit.Must(u.Kit.Core.Update(t.Context(), func(tx *store.Tx) (err error) {
			if certificate, err = tx.Certificate(t.Context(), vpn.CertificateID(path.Base(u.Client))); err != nil {
				return err
			}
			return tx.NoteCertificateLogins(t.Context(), u.Kit.Clock.Now(), vpn.EndpointID(path.Base(endpoint)), vpn.BareFingerprint(certificate.Fingerprint))
		}))
	}
	use(u.Endpoint)
	u.Admin.Get(u.Client).WantText("main", "Last usedjust now at main")
	u.Admin.Get("/certificates").WantText("main", "Last used just now").WantText("main", "at main")
	if file := u.Admin.Get("/certificates?format=csv").Body; !strings.Contains(file, "Last used") {
		t.Errorf("the file is %s", file)
	}
	use(string(vpn.NewEndpointID()))
	p := u.Admin.Get(u.Client).WantText("main", "at an endpoint that was deleted")
	webtest.CheckMarkup(t, u.Client, p)
	if strings.Contains(u.Admin.Get(u.Server).Text("main"), "Last used") {
		t.Error("a server certificate says when it was last used")
	}
}
