package dataplane

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// A waiting login carries a password where the endpoint asks for one, and none elsewhere. None of its values is in any
// file, neither while it waits nor after it was denied, and the password is forgotten with the login.
func TestWaitingLoginIsInNoFile(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777f", "10.38.0.0/22")
	values := map[string]string{"session_state": string(ovpn.SessionInitial), "untrusted_ip": "192.0.2.211", "untrusted_port": "54321"}
	for _, name := range []string{
		"common_name", "username", "password", "session_id", "tls_serial_0", "tls_digest_sha256_0", "tls_id_0", "X509_0_CN",
		"IV_VER", "IV_PLAT", "IV_GUI_VER", "IV_SSO", "IV_HWADDR", "IV_PLAT_VER", "UV_TEST",
	} {
		values[name] = "secret-value-of-" + name
	}
	values["tls_id_0"] = "CN=" + values["common_name"]
	search := func(when string) {
		t.Helper()
		files := 0
		err := filepath.WalkDir(f.cfg.RunDir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			files++
			b, err := os.ReadFile(path)
			for name, value := range values {
				if name != "session_state" && bytes.Contains(b, []byte(value)) {
					t.Errorf("%s: %s has the value of %s", when, path, name)
				}
			}
			return err
		})
		if err != nil || files == 0 {
			t.Fatalf("%s: %d files, %v", when, files, err)
		}
	}
	f.send(f.runs[0], ovpn.Connect{CID: 2, KID: 1, Env: ovpn.NewEnv(values)})
	if p := f.pendingOf(f.runs[0], 2); p.request.Username != "" || p.request.Password != "" {
		t.Errorf("the endpoint did not ask for %+v", p.request)
	}
	f.send(f.runs[0], ovpn.Disconnect{CID: 2})
	f.inOwn(func() { f.ep.state.desired.Passwords = true })
	f.send(f.runs[0], ovpn.Connect{CID: 1, KID: 1, Env: ovpn.NewEnv(values)})
	waiting := f.pendingOf(f.runs[0], 1)
	var request vpn.LoginNews
	for request = range f.Logins(t.Context()) {
		break
	}
	if request.Username != values["username"] || request.Password.Reveal() != values["password"] || !slices.Equal(request.SSO, []string{values["IV_SSO"]}) ||
		request.CommonName != values["common_name"] || fmt.Sprint(request.Device) != "192.0.2.211:54321" {
		t.Fatalf("the login that waits is %+v", request)
	}
	search("it waits")
	if err := f.Decide(t.Context(), []vpn.LoginDecision{{ID: request.ID, Reason: "No."}}); err != nil {
		t.Fatal(err)
	}
	search("it was denied")
	if waiting.request.Password != "" {
		t.Error("the password is still in memory")
	}
}
