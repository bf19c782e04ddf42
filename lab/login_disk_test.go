package lab

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/dataplane/client"
	"sallyport/lab/netlab"
	"sallyport/vpn"
)

// A waiting login may carry a secret. Nothing that its client sends is in a file, neither while it
// waits nor after it was denied: not in the event log, the journal or the workers' directories, and not
// in what the program logs. OpenVPN's own log has the common name and what the client says of itself,
// in memory only.
func TestWaitingLoginIsInNoFile(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	s.CreateNetwork()
	s.CreateCertificates("name-of-the-waiting-login")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.WaitText("", "available")
	profile := s.Profile("name-of-the-waiting-login")
	web := s.Process(t, "web")
	if err := syscall.Kill(web, syscall.SIGSTOP); err != nil { // it decides nothing
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(web, syscall.SIGCONT) }()

	credentials := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(credentials, []byte("user-of-the-waiting-login\npassword-of-the-waiting-login\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	profile += "\nauth-user-pass " + credentials + "\npush-peer-info\nsetenv UV_TEST value-of-the-waiting-login\nsetenv IV_GUI_VER version-of-the-waiting-login\n"
	c := netlab.StartClient(t, s.clients[0], profile)

	dataplane := client.New(filepath.Join(s.RunDir(), "socket", "dataplane.sock"))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var request vpn.LoginRequest
	for r, err := range dataplane.Logins(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if request = r.LoginRequest; request.ID != "" {
			break
		}
	}
	if request.CommonName != "name-of-the-waiting-login" {
		t.Fatalf("the login that waits is %+v", request)
	}
	search := func(when string) {
		t.Helper()
		files := 0
		err := filepath.WalkDir(s.RunDir(), func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) { // written and removed meanwhile
				return nil
			}
			files++
			if bytes.Contains(b, []byte("-of-the-waiting-login")) {
				t.Errorf("%s: %s has a value of the login", when, path)
			}
			return err
		})
		if err != nil || files < 3 {
			t.Errorf("%s: %d files were searched, %v", when, files, err)
		}
		// Who was denied is logged, with the reason.
		logged := strings.ReplaceAll(s.Log.String(), `msg="login denied" process=dataplane endpoint=`+string(request.Endpoint)+" common_name="+request.CommonName, "")
		if strings.Contains(logged, "-of-the-waiting-login") {
			t.Errorf("%s: the program logged a value of the login", when)
		}
		logs := s.WorkerLogs()
		if all := strings.Join(logs, ""); !strings.Contains(all, "peer info: IV_GUI_VER=version-of-the-waiting-login") || strings.Contains(all, "password-of") {
			t.Errorf("%s: OpenVPN's own log does not have what it should have:\n%s", when, all)
		}
	}
	search("it waits")
	if err := dataplane.Decide(ctx, []vpn.LoginDecision{{ID: request.ID, Reason: "Denied by the test."}}); err != nil {
		t.Fatal(err)
	}
	netlab.Eventually(t, 20*time.Second, "the client is denied", func() bool { return bytes.Contains([]byte(c.Log()), []byte("AUTH_FAILED")) })
	search("it was denied")
}
