package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/dataplane/client"
	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
	"sallyport/vpn"
)

// browserSite is an endpoint where users sign in in the browser, and nowhere else. The test itself is the web process. It is
// over TCP, so that both sides notice at once what the other does.
type browserSite struct {
	*site
	dataplane *client.Client
	profile   string
}

func newBrowserSite(t *testing.T, clients int) *browserSite {
	t.Helper()
	s := &browserSite{site: newSite(t, clients)}
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(gateway.Fields{"Transport Protocol": "TCP"})
	s.Associate("subnet-a")
	s.Authorize("10.0.1.0/24")
	s.WaitText("", "available")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	profile := regexp.MustCompile(`(?s)<(cert|key)>.*?</(cert|key)>\n`).ReplaceAllString(s.Profile("alice"), "")
	s.profile = profile + "<auth-user-pass>\nsso\nsso\n</auth-user-pass>\nsetenv IV_SSO webauth,crtext\n"
	s.dataplane = client.New(filepath.Join(s.RunDir(), "socket", "dataplane.sock"))

	web := s.Process(t, "web")
	if err := syscall.Kill(web, syscall.SIGSTOP); err != nil { // it decides nothing
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(web, syscall.SIGCONT) })
	var d vpn.Desired
	s.journalled(t, "desired", &d)
	d.Generation, d.Browser, d.WithoutCertificates, d.Keys.ClientCA = d.Generation+1, true, true, ""
	if err := s.dataplane.Apply(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	netlab.Eventually(t, 20*time.Second, "the endpoint has users sign in in the browser", func() bool {
		status, err := s.dataplane.Status(t.Context())
		return err == nil && len(status.Endpoints) == 1 && status.Endpoints[0].Applied == d.Generation && len(status.Endpoints[0].Faults) == 0
	})
	return s
}

// journalled reads the one entry of a kind in the dataplane's journal; it tells whether there is one.
func (s *browserSite) journalled(t *testing.T, kind string, into any) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.RunDir(), "journal", kind, "*.json"))
	if err != nil || len(files) > 1 {
		t.Fatalf("the journal has %v, %v", files, err)
	}
	if len(files) == 0 {
		return false
	}
	b, err := os.ReadFile(files[0])
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		t.Fatal(err)
	}
	return true
}

// login waits until a client's login is on the stream as it should be.
func (s *browserSite) login(t *testing.T, c *netlab.Client, is func(vpn.LoginRequest) bool) vpn.LoginRequest {
	t.Helper()
	device := strings.Fields(c.On.IP(t, "-br", "-4", "addr", "show", "eth0"))[2]
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		for r, err := range s.dataplane.Logins(ctx) {
			if err != nil {
				break // the dataplane is being started
			}
			if r.Device.Addr() == netip.MustParsePrefix(device).Addr() && is(r.LoginRequest) {
				return r.LoginRequest
			}
		}
	}
	t.Fatalf("no such login of the client on %s waits", c.On.Name)
	return vpn.LoginRequest{}
}

func asked(r vpn.LoginRequest) bool    { return !r.Pending }
func waiting(r vpn.LoginRequest) bool  { return r.Pending }
func answered(r vpn.LoginRequest) bool { return r.Answer != "" }

const pageOfLogin = "https://vpn.example.test/a/0123456789abcdefghijkl"

// pend has a client open the page.
func (s *browserSite) pend(t *testing.T, c *netlab.Client, wait time.Duration) vpn.LoginRequest {
	t.Helper()
	r := s.login(t, c, asked)
	if err := s.dataplane.Pend(t.Context(), vpn.LoginPending{ID: r.ID, Method: vpn.SSOWebAuth, URL: pageOfLogin, Until: time.Now().Add(wait)}); err != nil {
		t.Fatal(err)
	}
	netlab.Eventually(t, 10*time.Second, "the client opens the page", func() bool { return told(c) == 1 })
	return r
}

// told is how often a client was told to open the page. Without a program around it, it logs that.
func told(c *netlab.Client) int { return strings.Count(c.Log(), "WEB_AUTH::"+pageOfLogin) }

func (s *browserSite) decide(t *testing.T, d vpn.LoginDecision) {
	t.Helper()
	if d.Allow {
		d.Connection, d.Session, d.Ends = vpn.NewConnectionID(), vpn.NewSessionID(), time.Now().Add(time.Hour)
		d.User = vpn.Identity{Provider: "saml-0123456789", Key: "alice", Name: "alice"}
	}
	if err := s.dataplane.Decide(t.Context(), []vpn.LoginDecision{d}); err != nil {
		t.Fatal(err)
	}
}

// A stock client is told to open the browser and is let in by the decision, also where the dataplane was killed and then
// replaced in between: it is the same client of the same worker, and is told once. It renegotiates, connects again and returns to another
// worker process by its token, without the browser. Others are refused, give up, or answer a question.
func TestPendedLogins(t *testing.T) {
	t.Parallel()
	s := newBrowserSite(t, 4)
	leaves := netlab.StartClient(t, s.clients[0], s.profile)
	s.pend(t, leaves, 3*time.Minute)
	if !s.journalled(t, "logins", new(any)) {
		t.Error("a login that waits for its user is not in the journal")
	}
	leaves.Kill()
	netlab.Eventually(t, 20*time.Second, "the login of a client that left is forgotten", func() bool { return !s.journalled(t, "logins", new(any)) })

	in := netlab.StartClient(t, s.clients[1], s.profile+"\nreneg-sec 10\n")
	r := s.login(t, in, asked)
	s.pend(t, in, 3*time.Minute)
	ready := s.ReadyCount("dataplane")
	kill(t, s.Process(t, "dataplane"))
	s.WaitReady(t, "dataplane", ready+1)
	if err := syscall.Kill(s.Process(t, "dataplane"), syscall.SIGHUP); err != nil { // as for another program
		t.Fatal(err)
	}
	s.WaitReady(t, "dataplane", ready+2)
	if again := s.login(t, in, waiting); again.ID != r.ID || again.Device != r.Device || again.Platform != r.Platform || time.Until(again.Deadline) > 3*time.Minute {
		t.Errorf("the next process has %+v, was %+v", again, r)
	}

	late := netlab.StartClient(t, s.clients[2], s.profile)
	s.pend(t, late, 3*time.Second)
	netlab.Eventually(t, 20*time.Second, "the client is told that the sign-in took too long", func() bool {
		return strings.Contains(late.Log(), "AUTH_FAILED,UserBrowserTimeout: No sign-in was completed in the browser in time.")
	})
	<-late.Done() // it does not open the browser again by itself

	s.decide(t, vpn.LoginDecision{ID: r.ID, Allow: true})
	in.WaitUp(t, 1)
	reaches := func(when string) {
		t.Helper()
		netlab.Eventually(t, 20*time.Second, "the user reaches a host "+when, func() bool { return in.On.Reaches(addrHostA, netlab.EchoPort) })
		if n := told(in); n != 1 {
			t.Errorf("the client was told to open the browser %d times %s", n, when)
		}
	}
	reaches("after the login")
	if log := in.Log(); strings.Contains(log, "AUTH_FAILED") || strings.Contains(log, "SIGUSR1") {
		t.Error("the client had to try again")
	}

	denied := netlab.StartClient(t, s.clients[2], s.profile)
	s.decide(t, vpn.LoginDecision{ID: s.pend(t, denied, time.Minute).ID, Code: vpn.CodeUserBlocked, Reason: "Your access is blocked."})
	netlab.Eventually(t, 10*time.Second, "the client is refused", func() bool { return strings.Contains(denied.Log(), "AUTH_FAILED,UserBlocked: Your access is blocked.") })

	s.answers(t, s.clients[3])

	netlab.Eventually(t, 20*time.Second, "the client renegotiates", func() bool { return strings.Contains(in.Log(), "TLS: soft reset sec=") })
	reaches("after a renegotiation")
	in.Restart(t)
	in.WaitUp(t, 2)
	reaches("after it connected again")
	kill(t, s.Processes("openvpn")...)
	in.WaitUp(t, 3)
	reaches("after its worker was killed")
}

// answers has a client show a question, and its user answer it.
func (s *browserSite) answers(t *testing.T, on *netlab.Namespace) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "m")
	c := netlab.StartClient(t, on, s.profile+"\nmanagement "+socket+" unix\n")
	r := s.login(t, c, asked)
	if err := s.dataplane.Pend(t.Context(), vpn.LoginPending{ID: r.ID, Method: vpn.SSOCRText, Prompt: "Open the page, then enter its code", Until: time.Now().Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	netlab.Eventually(t, 10*time.Second, "the client has the question", func() bool { return strings.Contains(c.Log(), "CR_TEXT:R,E:Open the page, then enter its code") })
	program, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	if _, err := fmt.Fprint(program, "cr-response MTIzNDU2\n"); err != nil { // 123456
		t.Fatal(err)
	}
	go func() { // a program that does not read stops the client
		for lines := bufio.NewScanner(program); lines.Scan(); {
			continue
		}
	}()
	if r = s.login(t, c, answered); r.Answer.Reveal() != "123456" {
		t.Errorf("the answer is %q", r.Answer.Reveal())
	}
	s.decide(t, vpn.LoginDecision{ID: r.ID, Allow: true})
	c.WaitUp(t, 1)
}
