package lab

import (
	"bufio"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/idp"
	"sallyport/lab/netlab"
)

// samlCrowd is how many users sign in at once.
const samlCrowd = 20

// Users sign in at a real identity provider, from stock clients: what each of them may do with the link, what does not let a
// client in, and what happens while processes die.
func TestSAMLLogins(t *testing.T) {
	t.Parallel()
	users := idp.People()
	for i := range samlCrowd {
		users = append(users, idp.User{Name: fmt.Sprint("user", i), Groups: []string{"staff"}})
	}
	s := newFederatedSite(t, 11, idp.Options{Users: users, Workers: 4}, "SALLYPORT_CONNECTIONS_PER_CERTIFICATE=0")
	s.authorizeGroup(addrHostA+"/32", "engineers")
	s.authorizeGroup(addrHostB+"/32", "sales")
	s.AddRoute("198.51.100.0/24", "subnet-a")
	s.authorizeGroup("198.51.100.0/24", "staff")
	profile, plain := s.commandLine(), s.Profile("")

	var alice *netlab.Client
	whole := t // its clients outlive the subtest that starts them
	t.Run("at the same time", func(t *testing.T) {
		t.Run("groups", func(t *testing.T) {
			t.Parallel()
			s := s.forTest(t)
			alice = netlab.StartClient(whole, s.clients[0], profile)
			want(t, confirm(t, signIn(t, person(s.clients[0]), link(t, alice, 1), "alice")), "You can close this window")
			alice.WaitUp(t, 1)
			bob := s.connect(t, s.clients[1], profile, "bob")
			for _, c := range []struct {
				who         *netlab.Client
				mine, other string
			}{{alice, addrHostA, addrHostB}, {bob, addrHostB, addrHostA}} {
				netlab.Eventually(t, 20*time.Second, "a user reaches the host of the group", func() bool { return c.who.On.Reaches(c.mine, netlab.EchoPort) })
				if c.who.On.Reaches(c.other, netlab.EchoPort) {
					t.Errorf("the client on %s reaches the host of another group", c.who.On.Name)
				}
			}
			s.WaitRow("/connections", "alice@example.test", "active")
		})
		t.Run("crowd", func(t *testing.T) { t.Parallel(); s.forTest(t).crowd(t, s.clients[2], profile) })
		t.Run("link", func(t *testing.T) { t.Parallel(); s.forTest(t).linkIsUsedOnce(t, s.clients[3], s.clients[4], profile) })
		t.Run("other user", func(t *testing.T) { t.Parallel(); s.forTest(t).otherUser(t, s.clients[5], profile) })
		t.Run("without a browser", func(t *testing.T) { t.Parallel(); s.forTest(t).withoutBrowser(t, s.clients[6], plain) })
		t.Run("late", func(t *testing.T) { t.Parallel(); s.forTest(t).clientLeaves(t, s.clients[7], profile) })
		t.Run("from the portal", func(t *testing.T) { t.Parallel(); s.forTest(t).fromPortal(t, s.clients[10], "alice") })
		t.Run("program", func(t *testing.T) { t.Parallel(); s.forTest(t).program(t, s.clients[9], plain) })
		t.Run("test sign-in", func(t *testing.T) { t.Parallel(); s.forTest(t).testSignIn(t, s.clients[9]) })
		t.Run("certificate", func(t *testing.T) { t.Parallel(); s.forTest(t).withCertificate(t, s.clients[8]) })
	})
	if !t.Failed() && alice != nil { // -run may leave it out
		s.processesDie(t, alice, s.clients[5], profile)
	}
}

// crowd has many users sign in at once.
func (s *federatedSite) crowd(t *testing.T, on *netlab.Namespace, profile string) {
	clients := make([]*netlab.Client, samlCrowd)
	for i := range clients {
		clients[i] = netlab.StartClient(t, on, profile+fmt.Sprintf("\ndev load%d\ndev-type tun\nifconfig-noexec\nroute-noexec\ndisable-dco\n", i))
	}
	var all sync.WaitGroup
	for i, c := range clients {
		at := link(t, c, 1)
		all.Go(func() {
			confirm(t, signIn(t, person(on), at, fmt.Sprint("user", i)))
		})
	}
	all.Wait()
	for _, c := range clients {
		c.WaitUp(t, 1)
	}
	for i := range clients {
		s.WaitRow("/connections", fmt.Sprintf("user%d@example.test", i), "active")
	}
}

// linkIsUsedOnce has a user close the window, begin again, come back by the Back button, and open the link on another device,
// which says so. After the confirmation the link leads nowhere.
func (s *federatedSite) linkIsUsedOnce(t *testing.T, on, elsewhere *netlab.Namespace, profile string) {
	c := netlab.StartClient(t, on, profile)
	at := link(t, c, 1)
	person(on).Open(t, at).Follow(t, "Sign in with") // and closes the window at the identity provider

	other := person(elsewhere)
	want(t, other.Open(t, at), "another network address", "192.0.2.104")
	alice := person(on)
	asked := signIn(t, alice, at, "alice")
	if text := asked.Text(); strings.Contains(text, "another network address") || !strings.Contains(text, "192.0.2.104") {
		t.Errorf("the page of the client's own device says: %s", text)
	}
	want(t, alice.Open(t, at), "alice@example.test") // by the Back button: it leads on to the confirmation
	if c.Ups() != 0 {
		t.Error("the client is connected before its user has confirmed")
	}
	want(t, confirm(t, asked), "You can close this window")
	c.WaitUp(t, 1)
	if again := confirm(t, asked); !strings.Contains(again.Text(), "You can close this window") {
		t.Errorf("the form sent twice: %s", again.Text())
	}
	if text := other.Open(t, at).Text(); strings.Contains(text, "Sign in with") || strings.Contains(text, "alice") {
		t.Errorf("the used link on another device: %s", text)
	}
	c.Leave(t)

	// A user may sign in on another device than the one that connects.
	c = netlab.StartClient(t, on, profile)
	want(t, confirm(t, signIn(t, other, link(t, c, 1), "bob")), "You can close this window")
	c.WaitUp(t, 1)
	if text := other.Open(t, link(t, c, 1)).Text(); strings.Contains(text, "Sign in with") {
		t.Errorf("the used link: %s", text)
	}
}

// otherUser is signed in at the identity provider as another user than the device's: that is said before anything is
// connected.
func (s *federatedSite) otherUser(t *testing.T, on *netlab.Namespace, profile string) {
	c := netlab.StartClient(t, on, profile)
	p := person(on)
	signIn(t, p, link(t, c, 1), "bob")
	asked := want(t, p.Open(t, link(t, c, 1)), "bob@example.test")
	want(t, asked.Submit(t, map[string]string{"answer": "not-me"}), "not connected")
	netlab.Eventually(t, 20*time.Second, "the client is refused", func() bool { return strings.Contains(c.Log(), "AUTH_FAILED,UserBrowserSignInRefused") })
	<-c.Done()
	if c.Ups() != 0 {
		t.Error("the client was connected")
	}
}

// withoutBrowser is a client that can open no browser: it is refused with the code and what to do.
func (s *federatedSite) withoutBrowser(t *testing.T, on *netlab.Namespace, plain string) {
	c := netlab.StartClient(t, on, plain)
	netlab.Eventually(t, 20*time.Second, "the client is refused", func() bool {
		return strings.Contains(c.Log(), "AUTH_FAILED,ClientBrowserMissing: ") && strings.Contains(c.Log(), "OpenVPN GUI")
	})
	<-c.Done()
	s.WaitRow("/connections?view=refused", "ClientBrowserMissing")
}

// program is a client that a program with a window runs, as OpenVPN GUI does: it is asked for no name and no password, and is told
// to open the page.
func (s *federatedSite) program(t *testing.T, on *netlab.Namespace, plain string) {
	socket := filepath.Join(t.TempDir(), "m")
	c := netlab.StartClient(t, on, plain+"\nsetenv IV_SSO openurl,webauth,crtext\nmanagement "+socket+" unix\nmanagement-query-passwords\nauth-retry interact\n")
	var window net.Conn
	netlab.Eventually(t, 10*time.Second, "the client has a socket for its program", func() (there bool) {
		conn, err := net.Dial("unix", socket)
		window = conn
		return err == nil
	})
	defer window.Close()
	told := make(chan string, 100)
	go func() {
		defer close(told)
		for lines := bufio.NewScanner(window); lines.Scan(); {
			if text := lines.Text(); strings.Contains(text, "WEB_AUTH") || strings.HasPrefix(text, ">PASSWORD:Need") {
				told <- text
			}
		}
	}()
	page, found := strings.CutPrefix(<-told, ">INFOMSG:WEB_AUTH::")
	if !found {
		t.Fatalf("the program is told %q", page)
	}
	want(t, confirm(t, signIn(t, person(on), page, "alice")), "You can close this window")
	c.WaitUp(t, 1)
	select {
	case text := <-told:
		t.Errorf("the program is told %q besides", text)
	default:
	}
}

// clientLeaves has the client end while its user is at the identity provider: every page then says what to do.
func (s *federatedSite) clientLeaves(t *testing.T, on *netlab.Namespace, profile string) {
	c := netlab.StartClient(t, on, profile)
	p := person(on)
	page := link(t, c, 1)
	form := p.Open(t, page).Follow(t, "Sign in with")
	c.Kill()
	const sentence = "Connect with your VPN client again"
	netlab.Eventually(t, 20*time.Second, "the page says that the client waits no longer", func() bool { return strings.Contains(p.Open(t, page).Text(), sentence) })
	want(t, form.SignIn(t, "alice", idp.Password).Answer(t), sentence)
}

// testSignIn is the test of an administrator: it shows what the identity provider sends and what the user could reach, the
// person at the browser is not told, and it is answered once.
func (s *federatedSite) testSignIn(t *testing.T, on *netlab.Namespace) {
	test := s.MustSubmit(s.provider, "Test sign-in", nil)
	link, _ := test.Doc.Find("#trial a.btn").Attr("href")
	ended := want(t, person(on).Open(t, link).SignIn(t, "alice", idp.Password).Answer(t), "The test has ended")
	if strings.Contains(ended.Text(), "alice") {
		t.Errorf("the public page tells the result: %s", ended.Text())
	}
	shown := s.Get(test.URL.Path + "?endpoint=" + s.Endpoint[strings.LastIndex(s.Endpoint, "/")+1:]).Text()
	for _, words := range []string{"alice@example.test signs in", "engineers", "staff", "emailAddress", "It is in the metadata of the provider", addrHostA + "/32"} {
		if !strings.Contains(shown, words) {
			t.Errorf("the test does not say %q: %s", words, netlab.Tail(shown, 3000))
		}
	}
	want(t, person(on).Open(t, link), "over or was never begun")
}

// withCertificate is an endpoint whose clients need a certificate besides.
func (s *federatedSite) withCertificate(t *testing.T, on *netlab.Namespace) {
	s.federate(gateway.Fields{"Name tag": "both", "Client IPv4 CIDR": "10.132.0.0/22", "VPN port": "1194"})
	s.Authorize("10.0.1.0/24")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	c := netlab.StartClient(t, on, s.Profile("alice")+"\nsetenv IV_SSO webauth\n")
	confirm(t, signIn(t, person(on), link(t, c, 1), "bob"))
	c.WaitUp(t, 1)
	netlab.Eventually(t, 20*time.Second, "the user reaches a host", func() bool { return on.Reaches(addrHostA, netlab.EchoPort) })
	s.WaitRow("/connections", "bob@example.test", "active") // the user is the one of the browser
}

// processesDie kills web and then the dataplane while a user is at the identity provider, and then the OpenVPN processes: the
// login goes on, and users who are connected return without a browser.
func (s *federatedSite) processesDie(t *testing.T, alice *netlab.Client, on *netlab.Namespace, profile string) {
	c := netlab.StartClient(t, on, profile)
	bob := person(on)
	form := bob.Open(t, link(t, c, 1)).Follow(t, "Sign in with")
	ready := s.ReadyCount("web")
	kill(t, s.Process(t, "web"))
	s.WaitReady(t, "web", ready+1)
	ready = s.ReadyCount("dataplane")
	kill(t, s.Process(t, "dataplane"))
	s.WaitReady(t, "dataplane", ready+1)
	want(t, confirm(t, form.SignIn(t, "bob", idp.Password).Answer(t)), "You can close this window")
	c.WaitUp(t, 1)
	if n := len(links(c.Log())); n != 1 {
		t.Errorf("the client printed %d links", n)
	}
	netlab.Eventually(t, 20*time.Second, "bob reaches the host of the group", func() bool { return on.Reaches(addrHostB, netlab.EchoPort) })

	if alice.Ups() != 1 || !alice.On.Reaches(addrHostA, netlab.EchoPort) {
		t.Errorf("alice connected %d times", alice.Ups())
	}
	kill(t, s.Processes("openvpn")...)
	alice.WaitUp(t, 2)
	c.WaitUp(t, 2)
	netlab.Eventually(t, 20*time.Second, "both reach their hosts again", func() bool {
		return alice.On.Reaches(addrHostA, netlab.EchoPort) && on.Reaches(addrHostB, netlab.EchoPort)
	})
	if n := len(links(alice.Log())) + len(links(c.Log())); n != 2 {
		t.Errorf("the clients printed %d links: a return asks for no sign-in", n)
	}
}
