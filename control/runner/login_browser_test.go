package runner_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/control/signin"
	"sallyport/store"
	"sallyport/vpn"
)

// browserSite is a site whose users sign in in a browser, and whose runner follows the dataplane.
type browserSite struct {
	*site
	pended  chan vpn.LoginPending
	decided chan vpn.LoginDecision
}

func newBrowserSite(t *testing.T, mutual bool) *browserSite {
	t.Helper()
	s := &browserSite{site: newSite(t), pended: make(chan vpn.LoginPending, 99), decided: make(chan vpn.LoginDecision, 99)}
	s.AskBrowser(mutual)
	s.Dataplane.OnPend = func(p vpn.LoginPending) { s.pended <- p }
	s.Dataplane.OnDecide = func(d vpn.LoginDecision) { s.decided <- d }
	return s
}

// follow has a web process follow the dataplane until stop.
func (s *browserSite) follow() (stop func()) {
	ctx, cancel := context.WithCancel(s.T.Context())
	var done sync.WaitGroup
	done.Go(func() { s.Runner.Follow(ctx) })
	return func() { cancel(); done.Wait() }
}

func (s *browserSite) login(id string, sso ...string) *vpn.LoginRequest {
	r := s.Login("")
	r.ID, r.Serial, r.Token, r.SSO = id, "", "token-"+id, sso
	return r
}

func (s *browserSite) waits(rs ...*vpn.LoginRequest) {
	s.Dataplane.Do(func() {
		for _, r := range rs {
			s.Dataplane.WaitingLogins = append(s.Dataplane.WaitingLogins, *r)
		}
	})
}

func next[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("%s did not happen", what)
		panic("unreachable")
	}
}

func (s *browserSite) nextPend() vpn.LoginPending {
	s.T.Helper()
	return next(s.T, "a client being told how to sign in", s.pended)
}

func (s *browserSite) nextDecision() vpn.LoginDecision {
	s.T.Helper()
	return next(s.T, "a decision", s.decided)
}

var desk = controltest.NewBrowser("198.51.100.7") // the address of controltest.Site.Login

func (s *browserSite) confirm(v signin.View, yes bool, by signin.Browser) {
	s.T.Helper()
	s.Must(s.SignIns.Confirm(s.T.Context(), v.Token, yes, v.Request, by))
}

func (s *browserSite) state(token vpn.Secret) (v vpn.BrowserSignIn) {
	s.T.Helper()
	s.Must(s.Store.View(s.T.Context(), func(tx *store.Tx) (err error) {
		v, err = tx.BrowserSignInByToken(s.T.Context(), token)
		return err
	}))
	return v
}

// A person signs in and confirms: the client is let in as this user, with the groups. What the person says ends the sign-in.
func TestLoginInBrowser(t *testing.T) {
	t.Parallel()
	s := newBrowserSite(t, false)
	s.waits(s.login("first", "webauth"))
	defer s.follow()()
	p := s.nextPend()
	token := controltest.TokenOf(p.URL)
	if p.ID != "first" || p.Method != "webauth" || p.URL != controltest.PublicURL+"/a/"+token.Reveal() || len(token) != 22 {
		t.Fatalf("the client is told %+v", p)
	}
	v := s.SignInBrowser(token, desk, "alice@example.com")
	if v.User.Name != "alice@example.com" || v.Endpoint.ID != s.Endpoint.ID || v.Provider != "Corporate IdP" {
		t.Errorf("the page shows %+v", v)
	}
	s.confirm(v, true, desk)
	d := s.nextDecision()
	if !d.Allow || d.User.Key != "alice@example.com" || d.User.Provider != s.Endpoint.Provider() || len(d.User.Groups) != 1 || d.User.Groups[0] != "staff" {
		t.Fatalf("got %+v", d)
	}
	if c := s.Connection(d.Connection); c.Username != "alice@example.com" || c.Provider != s.Endpoint.Provider() {
		t.Errorf("the connection is %+v", c)
	}
	s.reaches(token, vpn.BrowserAnswered)
	if u := s.userOf(d.User.Ref()); u.Groups != 1 {
		t.Errorf("the user is %+v", u)
	}

	s.waits(s.login("second", "openurl"))
	p = s.nextPend()
	v = s.SignInBrowser(controltest.TokenOf(p.URL), desk, "bob@example.com")
	s.confirm(v, false, desk)
	if d := s.nextDecision(); d.Allow || d.Later || d.Code != vpn.CodeBrowserRefused {
		t.Errorf("refused by the person: %+v", d)
	}
	if n := len(s.Query("SELECT * FROM attempt WHERE code = 'UserBrowserSignInRefused' AND username = 'bob@example.com'")); n != 1 {
		t.Errorf("%d refused attempts", n)
	}
	left := s.Rows() + s.Log.String()
	for _, secret := range []string{token.Reveal(), desk.Cookie.Reveal()} {
		if strings.Contains(left, secret) {
			t.Errorf("a sign-in leaves %q in a table or in the log", secret)
		}
	}
}

// reaches waits until a sign-in has a state.
func (s *browserSite) reaches(token vpn.Secret, want vpn.BrowserState) vpn.BrowserSignIn {
	s.T.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for began := time.Now(); ; <-look.C {
		v := s.state(token)
		if v.State == want {
			return v
		}
		if time.Since(began) > 20*time.Second {
			s.T.Fatalf("the sign-in is %s, want %s", v.State, want)
		}
	}
}

// The page of a person whose client has left meanwhile says so.
func TestLoginInBrowserOfAClientThatLeft(t *testing.T) {
	t.Parallel()
	s := newBrowserSite(t, false)
	s.waits(s.login("left", "webauth"))
	defer s.follow()()
	token := controltest.TokenOf(s.nextPend().URL)
	s.Dataplane.Do(func() {
		s.Dataplane.RefuseDecide = vpn.Refuse(vpn.NotFound, vpn.CodeLoginNotFound, "No login waits.")
	})
	s.confirm(s.SignInBrowser(token, desk, "alice"), true, desk)
	if v := s.reaches(token, vpn.BrowserRefused); v.RefusedCode != vpn.CodeBrowserClientGone {
		t.Errorf("got %+v", v)
	}
}

// A client that can open no browser is refused with a sentence that names others, and nothing waits for it.
func TestLoginWithoutBrowser(t *testing.T) {
	t.Parallel()
	s := newBrowserSite(t, false)
	s.AddLogins(s.login("none"), s.login("other", "proxy"))
	for range 2 {
		if d := s.nextDecision(); d.Allow || d.Later || d.Code != vpn.CodeBrowserMissing || !strings.Contains(d.Reason, "OpenVPN Connect") {
			t.Errorf("got %+v", d)
		}
	}
	if n := len(s.Query("SELECT * FROM browser_sign_in")); n != 0 {
		t.Errorf("%d sign-ins wait", n)
	}
}

// A web process that ends loses no sign-in, in whichever state it is: the next one finds it by the repeated login, and the
// person goes on with the page that they have.
func TestLoginInBrowserOutlivesWeb(t *testing.T) {
	t.Parallel()
	s := newBrowserSite(t, false)
	s.waits(s.login("a", "webauth"))
	stop := s.follow()
	token := controltest.TokenOf(s.nextPend().URL)
	restart := func(during func()) {
		stop()
		if during != nil {
			during()
		}
		s.Services = s.NewServices(controltest.Options{})
		stop = s.follow()
	}
	defer func() { stop() }()
	restart(nil) // waiting
	redirect, err := s.SignIns.Request(t.Context(), token, desk)
	s.Must(err)
	restart(nil) // at the identity provider
	_, err = s.SignIns.Accept(t.Context(), s.Endpoint.SAML, controltest.AnswerTo(redirect, "alice"), desk)
	s.Must(err)
	restart(nil) // signed in
	v, err := s.SignIns.Link(t.Context(), token, desk)
	s.Must(err)
	restart(func() { s.confirm(v, true, desk) }) // confirmed while no process has the login
	if d := s.nextDecision(); !d.Allow || d.User.Name != "alice" {
		t.Fatalf("got %+v", d)
	}
	// The decision did not reach the dataplane: the login is repeated, and decided by the same sign-in.
	s.Dataplane.Do(func() { s.Dataplane.Decisions = nil })
	restart(nil)
	if d := s.nextDecision(); !d.Allow || d.User.Name != "alice" {
		t.Errorf("repeated: %+v", d)
	}
	if n := len(s.Query("SELECT * FROM browser_sign_in")); n != 1 {
		t.Errorf("%d sign-ins for one login", n)
	}
	if len(s.pended) != 0 {
		t.Errorf("the client was told again: %+v", <-s.pended)
	}
}

// A login that has waited long enough is refused with its code, and its link leads nowhere.
func TestLoginInBrowserExpires(t *testing.T) {
	t.Parallel()
	s := newBrowserSite(t, false)
	r := s.login("slow", "webauth")
	v, err := s.SignIns.Begin(t.Context(), s.Endpoint.SAML, *r, "node-1")
	s.Must(err)
	s.Clock.Pass(vpn.BrowserWait - 50*time.Millisecond)
	s.waits(r)
	defer s.follow()()
	s.nextPend()
	s.Clock.Pass(time.Second)
	if d := s.nextDecision(); d.Allow || d.Later || d.Code != vpn.CodeBrowserTimeout {
		t.Errorf("got %+v", d)
	}
	if _, err := s.SignIns.Link(t.Context(), v.Token, desk); vpn.CodeOf(err) != vpn.CodeBrowserLinkInvalid {
		t.Errorf("the link: %v", err)
	}
}

// A client whose dataplane does not take the question is asked again when the login is repeated.
func TestLoginInBrowserWithoutDataplane(t *testing.T) {
	t.Parallel()
	s := newBrowserSite(t, false)
	s.Dataplane.Do(func() { s.Dataplane.RefusePend = controltest.ErrDown })
	s.AddLogins(s.login("a", "webauth"))
	if len(s.decided) != 0 {
		t.Errorf("decided: %+v", <-s.decided)
	}
	s.Dataplane.Do(func() { s.Dataplane.RefusePend = nil })
	defer s.follow()()
	v := s.SignInBrowser(controltest.TokenOf(s.nextPend().URL), desk, "alice")
	s.confirm(v, true, desk)
	if d := s.nextDecision(); !d.Allow {
		t.Errorf("got %+v", d)
	}
}

// Blocked users and refused certificates are refused after the sign-in, as everywhere; the page says why.
func TestLoginInBrowserIsDecided(t *testing.T) {
	t.Parallel()
	s := newBrowserSite(t, true)
	certificate := func(id string) *vpn.LoginRequest {
		r := s.loginWith(id, "token-"+id, false)
		r.SSO = []string{"webauth"}
		return r
	}
	s.waits(certificate("a"))
	defer s.follow()()
	in := func(user string) vpn.Secret {
		token := controltest.TokenOf(s.nextPend().URL)
		s.confirm(s.SignInBrowser(token, desk, user), true, desk)
		return token
	}
	in("alice")
	d := s.nextDecision()
	if !d.Allow {
		t.Fatalf("got %+v", d)
	}
	alice := s.userOf(d.User.Ref())
	s.Must(alice.Block("admin", "", s.Clock.Now()))
	s.Must(s.Store.Update(t.Context(), func(tx *store.Tx) error { return tx.SaveVPNUserBlock(t.Context(), alice) }))
	s.waits(certificate("b"))
	token := in("alice")
	if d := s.nextDecision(); d.Allow || d.Code != vpn.CodeUserBlocked {
		t.Errorf("blocked: %+v", d)
	}
	if v := s.state(token); v.State != vpn.BrowserRefused || v.RefusedCode != vpn.CodeUserBlocked {
		t.Errorf("the page says %+v", v)
	}
	s.Exec("UPDATE saml_provider SET version = version + 1") // after the answers that the next login has
	s.waits(certificate("c"))
	in("bob")
	if d := s.nextDecision(); d.Allow || !d.Later {
		t.Errorf("the provider was changed meanwhile: %+v", d)
	}
}

// With the setting, and with a client that can do nothing else, the person types a code at the client.
func TestLoginInBrowserWithCode(t *testing.T) {
	t.Parallel()
	s := newBrowserSite(t, false)
	before, err := s.Settings.Settings(t.Context(), s.Admin)
	s.Must(err)
	s.Must(s.Settings.Save(t.Context(), s.Admin, before.Version, s.settings("browser_code", "true"), vpn.Consent{}))
	s.AddLogins(s.login("cannot", "webauth"))
	if d := s.nextDecision(); d.Code != vpn.CodeBrowserMissing || !strings.Contains(d.Reason, "code") {
		t.Errorf("a client that asks for no text: %+v", d)
	}
	defer s.follow()()
	answer := func(id, text string) {
		s.Dataplane.Do(func() {
			for i := range s.Dataplane.WaitingLogins {
				if r := &s.Dataplane.WaitingLogins[i]; r.ID == id {
					r.Answer = vpn.Secret(text)
				}
			}
		})
	}
	for _, sso := range []string{"webauth crtext", "crtext"} {
		id := strings.ReplaceAll(sso, " ", "-")
		s.waits(s.login(id, strings.Fields(sso)...))
		p := s.nextPend()
		link := p.URL
		if sso == "crtext" {
			if link = p.Prompt; p.Method != "crtext" || !strings.Contains(link, controltest.PublicURL+"/a/") {
				t.Errorf("the client is told %+v", p)
			}
		}
		token := controltest.TokenOf(link)
		v := s.SignInBrowser(token, desk, "alice")
		s.confirm(v, true, desk)
		if sso != "crtext" {
			if p := s.nextPend(); p.Method != "crtext" || !strings.Contains(p.Prompt, "code") {
				t.Errorf("the client is told %+v", p)
			}
		}
		answer(id, "000000x")
		if p := s.nextPend(); !strings.Contains(p.Prompt, "wrong") {
			t.Errorf("a wrong code: %+v", p)
		}
		if len(s.decided) != 0 {
			t.Fatalf("decided before the code: %+v", <-s.decided)
		}
		answer(id, s.state(token).Code.Reveal())
		if d := s.nextDecision(); !d.Allow || d.ID != id {
			t.Errorf("%s: %+v", sso, d)
		}
	}
	s.waits(s.login("wrong", "crtext"))
	s.nextPend()
	for i := range 3 {
		answer("wrong", fmt.Sprint("00000x", i))
		if i < 2 {
			s.nextPend()
		}
	}
	if d := s.nextDecision(); d.Allow || d.Code != vpn.CodeBrowserCodeWrong {
		t.Errorf("three wrong codes: %+v", d)
	}
}

// After a wrong code the sign-in of a client that the dataplane does not have any more is over, and says why; where the login ends
// by an error, the refused attempt names the user who had signed in.
func TestLoginInBrowserEndsAtTheCode(t *testing.T) {
	t.Parallel()
	s := newBrowserSite(t, false)
	defer s.follow()()
	for id, c := range map[string]struct {
		failure error
		code    vpn.Code
	}{
		"left":  {vpn.Refuse(vpn.NotFound, vpn.CodeLoginNotFound, "No login waits."), vpn.CodeBrowserClientGone},
		"error": {errors.New("the management socket is closed"), vpn.CodeDirectoryUnavailable},
	} {
		s.Dataplane.Do(func() { s.Dataplane.RefusePend = nil })
		s.waits(s.login(id, "crtext"))
		token := controltest.TokenOf(s.nextPend().Prompt)
		s.confirm(s.SignInBrowser(token, desk, "alice"), true, desk)
		s.Dataplane.Do(func() {
			s.Dataplane.RefusePend = c.failure
			for i := range s.Dataplane.WaitingLogins {
				s.Dataplane.WaitingLogins[i].Answer = "000000x"
			}
		})
		if v := s.reaches(token, vpn.BrowserRefused); v.RefusedCode != c.code {
			t.Errorf("%s: %+v", id, v)
		}
		if d := s.nextDecision(); d.Allow || d.Code != c.code {
			t.Errorf("%s: %+v", id, d)
		}
		if rows := s.Query("SELECT username FROM attempt WHERE code = '" + string(c.code) + "'"); len(rows) != 1 || rows[0] != "alice" {
			t.Errorf("%s: the refused attempts are of %v", id, rows)
		}
		s.Dataplane.Do(func() { s.Dataplane.WaitingLogins = nil })
	}
}

// settings are all settings as the form sends them, one of them changed.
func (s *browserSite) settings(key, value string) map[string]string {
	values := map[string]string{}
	for _, k := range vpn.DeploymentSettings() {
		values[k.Key] = k.Preset
	}
	values[key] = value
	return values
}

// Many persons sign in at once, each for their own client.
func TestManyLoginsInBrowsers(t *testing.T) {
	t.Parallel()
	const people = 20
	s := newBrowserSite(t, false)
	for i := range people {
		r := s.login(fmt.Sprintf("%02d", i), "webauth")
		r.Device = netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), 40000)
		s.waits(r)
	}
	defer s.follow()()
	var all sync.WaitGroup
	for range people {
		p := s.nextPend()
		all.Go(func() {
			by := controltest.NewBrowser("198.51.100.1")
			s.confirm(s.SignInBrowser(controltest.TokenOf(p.URL), by, "user-"+p.ID), true, by)
		})
	}
	all.Wait()
	for range people {
		if d := s.nextDecision(); !d.Allow || d.User.Name != "user-"+d.ID {
			t.Errorf("got %+v", d)
		}
	}
}

// Where too many logins wait, one of the network that has most of them gives way: one whose person has not opened it.
func TestLoginInBrowserGivesWay(t *testing.T) {
	t.Parallel()
	s := newBrowserSite(t, false)
	room := vpn.BrowserRoom(s.Endpoint.ClientCIDR)
	s.pended, s.decided = make(chan vpn.LoginPending, room+9), make(chan vpn.LoginDecision, room+9)
	defer s.follow()()
	login := func(id, from string) *vpn.LoginRequest {
		r := s.login(id, "webauth")
		r.Device = netip.AddrPortFrom(netip.MustParseAddr(from), 5000)
		return r
	}
	s.waits(login("opened", "198.51.100.1"))
	opened := controltest.TokenOf(s.nextPend().URL)
	_, err := s.SignIns.Request(t.Context(), opened, desk)
	s.Must(err)
	const fullest = 240
	var others []*vpn.LoginRequest
	for i := range room - 1 {
		network := "203.0.113."
		if i < fullest {
			network = "198.51.100."
		}
		others = append(others, login(fmt.Sprint("other-", i), fmt.Sprint(network, i%2)))
	}
	s.waits(others...)
	for range others {
		s.nextPend()
	}
	if len(s.decided) != 0 {
		t.Fatalf("there is room, and one is decided: %+v", <-s.decided)
	}
	s.waits(login("new", "192.0.2.1"))
	s.nextPend()
	d := s.nextDecision()
	var n int
	if _, err := fmt.Sscanf(d.ID, "other-%d", &n); err != nil || n >= fullest || d.Allow || d.Code != vpn.CodeLoginNotDecided {
		t.Errorf("got %+v", d)
	}
	s.confirm(s.SignInBrowser(opened, desk, "alice"), true, desk)
	if d := s.nextDecision(); !d.Allow || d.ID != "opened" {
		t.Errorf("the one that was opened: %+v", d)
	}
}

// Clients that leave give up their places at once, whether the stream says so or a new one does not have them. Their sign-ins
// are over, say why, and are listed once; they can be confirmed no more.
func TestLoginInBrowserIsAbandoned(t *testing.T) {
	t.Parallel()
	const places = 256
	s := newBrowserSite(t, false)
	s.pended = make(chan vpn.LoginPending, places+9)
	s.decided = make(chan vpn.LoginDecision, places+9)
	s.Dataplane.Do(func() { s.Dataplane.TellsGone = true })
	defer s.follow()()
	tokens := make([]vpn.Secret, places)
	for i := range places {
		s.waits(s.login(fmt.Sprint("left-", i), "webauth"))
	}
	for i := range places {
		tokens[i] = controltest.TokenOf(s.nextPend().URL)
	}
	told := s.state(tokens[0]).Login.ID
	v := s.SignInBrowser(tokens[0], desk, "alice")
	s.Dataplane.Do(func() { s.Dataplane.GoneLogins = []string{told} })
	s.reaches(tokens[0], vpn.BrowserRefused)
	s.Dataplane.Do(func() { s.Dataplane.WaitingLogins = nil }) // a stream that connected later
	for range places {
		if d := s.nextDecision(); d.Allow || d.Code != vpn.CodeBrowserClientGone {
			t.Fatalf("got %+v", d)
		}
	}
	for _, token := range tokens {
		if v := s.reaches(token, vpn.BrowserRefused); v.RefusedCode != vpn.CodeBrowserClientGone {
			t.Errorf("the page of a client that left says %+v", v)
		}
	}
	if err := s.SignIns.Confirm(t.Context(), v.Token, true, v.Request, desk); vpn.KindOf(err) != vpn.NotFound {
		t.Errorf("it can still be confirmed: %v", err)
	}
	if n := len(s.Query("SELECT id FROM connection")); n != 0 {
		t.Errorf("%d connections", n)
	}
	var listed int
	s.Must(s.Raw.QueryRowContext(t.Context(), "SELECT SUM(attempts) FROM attempt WHERE code = 'BrowserClientGone'").Scan(&listed))
	if others := s.Query("SELECT code FROM attempt WHERE code <> 'BrowserClientGone'"); listed != places || len(others) != 0 {
		t.Errorf("%d attempts are listed of %d, and %v", listed, places, others)
	}
	s.waits(s.login("honest", "webauth"))
	s.confirm(s.SignInBrowser(controltest.TokenOf(s.nextPend().URL), desk, "bob"), true, desk)
	if d := s.nextDecision(); !d.Allow {
		t.Errorf("the next client: %+v", d)
	}
}

// A client that is refused for every user sends no person to a browser.
func TestLoginInBrowserIsRefusedBefore(t *testing.T) {
	t.Parallel()
	s := newBrowserSite(t, false)
	s.Exec("UPDATE observation SET faults = json_array(json_object('subject', '" + string(s.Association.ID) + "', 'sentence', 'The subnet is not reachable.', 'since', '2026-11-20T12:00:00Z'))")
	s.AddLogins(s.login("early", "webauth"))
	if d := s.nextDecision(); d.Allow || d.Code != vpn.CodeEndpointUnavailable {
		t.Errorf("got %+v", d)
	}
	if n := len(s.Query("SELECT id FROM browser_sign_in")); n != 0 || len(s.pended) != 0 {
		t.Errorf("%d sign-ins wait", n)
	}
}
