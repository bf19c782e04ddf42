package lab

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/lab/directory"
	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
	"sallyport/lab/testpki"
)

// people are users whose passwords are hard to carry: spaces at both ends, and longer than OpenVPN's old limit of 128.
var people = map[string]string{"spaces": "  between spaces ", "long": strings.Repeat("long-password-", 12)}

// peopleLDIF adds people to the directory.
func peopleLDIF() string {
	var b strings.Builder
	for uid, password := range people {
		fmt.Fprintf(&b, "dn: uid=%[1]s,ou=people,dc=example,dc=test\nobjectClass: inetOrgPerson\nuid: %[1]s\ncn: %[1]s\nsn: %[1]s\nuserPassword:: %[2]s\n\n",
			uid, base64.StdEncoding.EncodeToString([]byte(password)))
	}
	return b.String()
}

// passwordSite is a site whose endpoint has users sign in at a directory.
type passwordSite struct {
	*site
	directory *directory.Server
	profile   string
}

// newPasswordSite makes one. The directory is a host of subnet B.
func newPasswordSite(t testing.TB, clients int, settings ...string) *passwordSite {
	t.Helper()
	w := newTopology(t, clients)
	w.serveEcho(t)
	server := directory.StartSlapd(t, w.hostB, addrHostB, testpki.Authority(t, "Directory CA"), peopleLDIF(), addrHostB)
	return w.newPasswordSite(t, server, gateway.Fields{"URLs": server.Options.URLs[0], "Certificate authorities": server.Options.CA}, settings...)
}

// newPasswordSite makes one on the gateway of a network. at says where it finds the directory.
func (w *topology) newPasswordSite(t testing.TB, server *directory.Server, at gateway.Fields, settings ...string) *passwordSite {
	t.Helper()
	return w.newPasswordSiteOn(t, startGateway(t, w.gatewayHost, settings...), server, at)
}

// newPasswordSiteOn makes one on a gateway that runs.
func (w *topology) newPasswordSiteOn(t testing.TB, g *gateway.Gateway, server *directory.Server, at gateway.Fields) *passwordSite {
	t.Helper()
	s := &passwordSite{directory: server}
	s.site = signUp(t, w, g)
	in := gateway.Fields{
		"Name": "People", "Type": "OpenLDAP", "Account": server.Options.BindDN, "Password": directory.Password, "Base DN": server.Options.BaseDN,
	}
	maps.Copy(in, at)
	s.MustSubmit("/identity-providers/directories/new", "Create directory", in)
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(gateway.Fields{"Use user-based authentication": "", "Directory ID": "People", "Use mutual authentication": "off", "Enable self-service portal": ""})
	s.Associate("subnet-a")
	s.Authorize("10.0.1.0/24")
	s.WaitText("", "available")
	s.profile = s.Profile("")
	return s
}

// as is the profile of a user who has typed a name and a password.
func as(t testing.TB, profile, name, password string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(file, []byte(name+"\n"+password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(profile, "\nauth-user-pass\n") {
		t.Fatalf("the profile does not ask for a password:\n%s", netlab.Tail(profile, 3000))
	}
	return strings.Replace(profile, "\nauth-user-pass\n", "\nauth-user-pass "+file+"\n", 1)
}

// Users sign in with passwords that are hard to carry. Wrong ones are refused with the code in the client's log and in the
// list; a wrong password and an unknown user are one to the client. No password is in any file afterwards, and a client that
// has a token returns while the directory is down.
func TestPasswordLogins(t *testing.T) {
	t.Parallel()
	s := newPasswordSite(t, 8)
	const guessed = "guessed-by-mallory"
	right := map[string]string{"ALICE": directory.Password, "spaces": people["spaces"], "long": people["long"]}
	var connected []*netlab.Client
	for name, password := range right {
		connected = append(connected, netlab.StartClient(t, s.clients[len(connected)], as(t, s.profile, name, password)))
	}
	wrong := netlab.StartClient(t, s.clients[3], as(t, s.profile, "bob", guessed))
	unknown := netlab.StartClient(t, s.clients[4], as(t, s.profile, "unknown@example.test", guessed))
	long := netlab.StartClient(t, s.clients[5], as(t, s.profile, strings.Repeat("x", 1000), guessed))
	longer := netlab.StartClient(t, s.clients[7], as(t, s.profile, strings.Repeat("x", 2000), guessed))
	mustChange := netlab.StartClient(t, s.clients[6], as(t, s.profile, "dave", directory.Password))
	for _, c := range connected {
		c.WaitUp(t, 1)
	}
	s.WaitRow("/connections", "alice", "active") // as the directory spells it
	const told = "AUTH_FAILED,UserCredentialsRefused: The user name or the password is wrong."
	for c, want := range map[*netlab.Client]string{wrong: told, unknown: told, long: told, longer: "Key Method #2 write failed", mustChange: "AUTH_FAILED,UserPasswordMustChange: "} {
		netlab.Eventually(t, 20*time.Second, "the client on "+c.On.Name+" is told: "+want, func() bool { return strings.Contains(c.Log(), want) })
	}
	for _, row := range [][]string{{"bob", "UserCredentialsRefused"}, {"unknown@example.test", "UserUnknown"}, {"dave", "UserPasswordMustChange"}} {
		s.WaitRow("/connections?view=refused", row[0], row[1])
	}
	if longer.Ups() > 0 { // OpenVPN itself cannot send such a name
		t.Error("a client with a name of 2,000 characters is connected")
	}
	secrets := []string{directory.Password, guessed}
	for _, p := range people {
		secrets = append(secrets, p)
	}
	s.wantNowhere(t, secrets)
	s.directory.Stop()
	back := connected[0]
	back.Restart(t)
	back.WaitUp(t, 2)
	s.wantNowhere(t, secrets)
}

var noCoreFile = regexp.MustCompile(`Max core file size +0 +0 `)

// wantNowhere looks for secrets, as they are and in base64, in all that the program has written: its run directory and its
// data, which have journals, events and the database, its log and those of its workers.
func (s *passwordSite) wantNowhere(t testing.TB, secrets []string) {
	t.Helper()
	texts := map[string]string{"the log": s.Log.String(), "the logs of the workers": strings.Join(s.WorkerLogs(), "\n")}
	for _, dir := range []string{s.RunDir(), s.Setting("SALLYPORT_DATA_DIR")} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			texts[path] = string(b)
			if os.IsNotExist(err) { // a temporary file
				err = nil
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range []string{"web", "dataplane", "openvpn"} { // nor in a core file, had one of them crashed
		for _, pid := range s.Processes(command) {
			limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
			if err != nil || !noCoreFile.Match(limits) {
				t.Errorf("%s may write core files: %v", command, err)
			}
		}
	}
	if len(texts) < 8 {
		t.Fatalf("only %d texts were searched", len(texts))
	}
	for place, text := range texts {
		for _, secret := range secrets {
			for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)), fmt.Sprintf("%q", secret)} {
				if strings.Contains(text, form) {
					t.Errorf("%s has the password %q", place, secret)
				}
			}
		}
	}
}
