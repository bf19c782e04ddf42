package lab

import (
	"strings"
	"testing"
	"time"

	"sallyport/lab/directory"
	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
	"sallyport/vpn"
)

// Where the directory demands MFA, a file from before is refused with what to do, a user without a device is told so, a code
// is good once, and a wrong code is told as a wrong password is. Each has its code at the client and in the list. After some
// wrong passwords no more are tried, and a right one has to wait too.
func TestMFALogins(t *testing.T) {
	t.Parallel()
	s := newPasswordSite(t, 9)
	before := s.profile
	list := s.Get("/identity-providers")
	at, _ := list.Doc.Find(`a[href*="/directories/d-"]`).Attr("href")
	s.Press(s.Submit(at+"/edit", "Modify directory", gateway.Fields{"Multi-factor authentication": ""}), "Modify directory", gateway.Fields{"To confirm, type replace here": "replace"})
	s.profile = s.Profile("")
	if !strings.Contains(s.profile, "\nstatic-challenge \"Enter MFA code \" 1\n") {
		t.Fatalf("the profile does not ask for the code:\n%s", netlab.Tail(s.profile, 2000))
	}
	register := func(user string) vpn.Secret {
		t.Helper()
		page := s.MustSubmit(at+"/mfa/new", "Show QR code", gateway.Fields{"User name": user})
		key := vpn.Secret(strings.ReplaceAll(strings.TrimSpace(page.Doc.Find("dl dd").First().Text()), " ", ""))
		if registered := s.Press(page, "Register", gateway.Fields{"MFA code": vpn.TOTP(key, time.Now())}); registered.Status != 200 {
			t.Fatalf("not registered: %s", registered.Text())
		}
		return key
	}
	key := register("ALICE")
	// Where no user types, what OpenVPN makes of password and answer goes into the file of credentials: it has no place for the answer.
	typed := func(profile string) string {
		return strings.Replace(profile, "\nstatic-challenge \"Enter MFA code \" 1\n", "\n", 1)
	}
	with := func(name, password, code string) string {
		return as(t, typed(s.profile), name, vpn.WithCode(vpn.Secret(password), code).Reveal())
	}
	told := func(c *netlab.Client, words ...string) {
		t.Helper()
		netlab.Eventually(t, 20*time.Second, "the client on "+c.On.Name+" is told: "+strings.Join(words, " … "), func() bool {
			for _, w := range words {
				if !strings.Contains(c.Log(), w) {
					return false
				}
			}
			return true
		})
	}
	const one = "AUTH_FAILED,UserCredentialsRefused: The user name, the password or the MFA code is wrong. ["
	told(netlab.StartClient(t, s.clients[0], as(t, before, "alice", directory.Password)), "AUTH_FAILED,UserMFACodeMissing: ", "Download your profile again. [")
	told(netlab.StartClient(t, s.clients[1], with("bob", directory.Password, "123456")), "AUTH_FAILED,UserMFADeviceMissing: Set up your authenticator first: https://localhost:8444/endpoints/cvpn-endpoint-")
	told(netlab.StartClient(t, s.clients[2], with("alice", directory.Password, "000000")), one)
	next := vpn.TOTP(key, time.Now().Add(30*time.Second))      // that of now was used for the registration
	in := netlab.StartTypingClient(t, s.clients[3], s.profile, // which makes the answer of its own file and prompts
		netlab.Answer{Prompt: "Enter Auth Username:", Text: "alice"}, netlab.Answer{Prompt: "Enter Auth Password:", Text: directory.Password}, netlab.Answer{Prompt: "Enter MFA code", Text: next})
	in.WaitUp(t, 1)
	told(netlab.StartClient(t, s.clients[4], with("alice", directory.Password, next)), one)
	for _, row := range [][]string{{"alice", "UserMFACodeMissing"}, {"bob", "UserMFADeviceMissing"}, {"alice", "UserMFACodeWrong"}, {"alice", "UserMFACodeUsed"}} {
		s.WaitRow("/connections?view=refused", row[0], row[1])
	}
	// bob sets one up in the self-service portal, and the VPN takes its codes.
	s.authorizeGroup(t, addrHostB+"/32", "sales")
	s.AddRoute("198.51.100.0/24", "subnet-a")
	s.authorizeGroup(t, "198.51.100.0/24", "engineers")
	own := s.fromPortal(t, s.clients[8], "bob")
	s.wantNowhere(t, []string{directory.Password, key.Reveal(), own.Reveal()})

	guesses := s.clients[5]
	for range 3 {
		c := netlab.StartClient(t, guesses, with("erin", "guessed", "000000"))
		netlab.Eventually(t, 20*time.Second, "the guess is refused", func() bool { return strings.Contains(c.Log(), "AUTH_FAILED") })
		c.Kill()
	}
	told(netlab.StartClient(t, guesses, with("erin", directory.Password, "000000")), "AUTH_FAILED,UserSignInThrottled: Too many sign-ins failed. Try again in ")
	s.WaitRow("/connections?view=refused", "erin", "UserSignInThrottled")

	// An endpoint that asks for a certificate as well.
	second := register("spaces")
	s.CreateEndpoint(gateway.Fields{
		"Name tag": "both", "Client IPv4 CIDR": "10.132.0.0/22", "VPN port": "1194", "Use user-based authentication": "", "Directory ID": "People",
	})
	s.Associate("subnet-a")
	s.WaitText("", "available")
	both := func(code string) string {
		return as(t, typed(s.Profile("alice")), "spaces", vpn.WithCode(vpn.Secret(people["spaces"]), code).Reveal())
	}
	told(netlab.StartClient(t, s.clients[6], both("000000")), one)
	netlab.ConnectClient(t, s.clients[7], both(vpn.TOTP(second, time.Now().Add(30*time.Second))))
}
