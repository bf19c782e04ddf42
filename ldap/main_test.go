package ldap_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"sallyport/lab/directory"
	"sallyport/lab/netlab"
	"sallyport/lab/testpki"
	"sallyport/ldap"
	"sallyport/vpn"
)

func TestMain(m *testing.M) {
	netlab.Main(m, netlab.Sandbox{})
	os.Exit(1)
}

const (
	sambaAddr = "127.0.10.1"
	slapdAddr = "127.0.10.2"
)

// quick are limits that a test can wait for.
var quick = ldap.Timeouts{Dial: 2 * time.Second, Operation: 3 * time.Second, Skip: time.Minute}

var authority = sync.OnceValue(func() testpki.Credential { return testpki.Authority(&testing.T{}, "Directory CA") })

func open(t testing.TB, o vpn.DirectoryOptions) *ldap.Directory {
	t.Helper()
	d, err := ldap.New(o, directory.Password, quick)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func signIn(t testing.TB, d *ldap.Directory, name, password string) (vpn.ProviderUser, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return d.SignIn(ctx, vpn.SignInAttempt{Name: name, Password: vpn.Secret(password)})
}

func wantCode(t testing.TB, what string, err error, code vpn.Code) {
	t.Helper()
	if got := vpn.CodeOf(err); got != code {
		t.Errorf("%s: got %q (%v), want %q", what, got, err, code)
	}
}

func names(groups []vpn.Group) string {
	out := ""
	for _, g := range groups {
		out += fmt.Sprintf("%s ", g.Name)
	}
	return out
}
