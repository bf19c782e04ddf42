package access_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"sallyport/control/controltest"
	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

const password vpn.Secret = "right-password"

// site is an endpoint with the self-service portal, whose directory has alice and bob.
type site struct {
	*controltest.Site
	base  string
	users int // who have signed in to the VPN
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{Site: controltest.NewSite(t)}
	s.AskPasswords(false)
	for _, name := range []string{"alice", "bob"} {
		s.Directory.Put(password, vpn.ProviderUser{Key: "key-" + name, Name: name, Groups: []vpn.Group{{ID: "S-1-5-7", Name: "engineers"}}})
	}
	s.SetPortal(true)
	s.base = webtest.NewPublic(t, s.Kit)
	return s
}

// signedIn is a browser with a session of a user.
func (s *site) signedIn(name string) *webtest.Browser {
	s.T.Helper()
	b := webtest.NewBrowser(s.T, s.base)
	b.Post(s.Endpoint.ID.PortalPath()+"/sign-in", url.Values{"username": {name}, "password": {password.Reveal()}}).WantStatus(http.StatusSeeOther)
	return b
}

// connect has a user sign in to the VPN.
func (s *site) connect(name string) vpn.Connection {
	s.T.Helper()
	s.users++
	r := s.Login("")
	r.ID, r.Username, r.Password, r.Token, r.Serial, r.Version = fmt.Sprint("login-", s.users), name, password, fmt.Sprint("token-", s.users), "", "OCmacOS_3.5.0"
	r.Platform = "mac"
	s.AddLogins(r)
	var d vpn.LoginDecision
	s.Dataplane.Do(func() { d = s.Dataplane.Decisions[len(s.Dataplane.Decisions)-1] })
	if !d.Allow {
		s.T.Fatalf("%s is turned away: %s", name, d.Reason)
	}
	s.AddEvents(vpn.Event{Established: &vpn.Established{Connection: d.Connection, Endpoint: s.Endpoint.ID, Association: s.Association.ID,
		ClientIP: netip.MustParseAddr("10.40.0.2"), Device: netip.MustParseAddrPort("198.51.100.7:40000")}})
	return s.Connection(d.Connection)
}

func (s *site) rule(spec vpn.RuleSpec) {
	s.T.Helper()
	_, err := s.Endpoints.Authorize(s.T.Context(), s.Admin, s.Endpoint.ID, spec)
	s.Must(err)
}

func (s *site) session(id vpn.SessionID) (x vpn.Session) {
	s.T.Helper()
	s.Must(s.Store.View(s.T.Context(), func(tx *store.Tx) (err error) { x, err = tx.VPNSession(s.T.Context(), id); return err }))
	return x
}

// The page says what is reached and why not, in the administrators' words; of rules for other groups it has the range alone.
func TestWhatIsReached(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	alice := s.signedIn("alice")
	p := alice.Get("/portal/access").WantStatus(http.StatusOK).WantText("h1", "My access").WantText("main", "Nothing at present").WantText("details", "No authorization rule allows it.")
	webtest.CheckMarkup(t, "/portal/access", p)
	s.rule(vpn.RuleSpec{Destination: "10.0.1.0/24", AllUsers: true, Description: "Printers and files"})
	s.rule(vpn.RuleSpec{Destination: "10.0.2.0/24", Group: "S-1-5-7", Description: "Build farm"})
	s.rule(vpn.RuleSpec{Destination: "10.0.3.0/24", Group: "S-1-5-9", Description: "Payroll"})
	s.rule(vpn.RuleSpec{Destination: "0.0.0.0/0", AllUsers: true})
	p = alice.Get("/portal/access")
	webtest.CheckMarkup(t, "/portal/access", p)
	rows := p.Doc.Find(".places > li")
	for i, want := range []string{
		"10.0.0.0/16 Reachable|office|Parts of it have a line of their own.", "10.0.1.0/24 Reachable|a · office · Printers and files", "10.0.2.0/24 Reachable|b · office · Build farm",
		"Everywhere else, the Internet included Not reachable|0.0.0.0/0|No route of this VPN leads there.", "10.0.3.0/24 Not reachable|office|It is for groups that you are not in.",
	} {
		var parts []string
		rows.Eq(i).Children().Each(func(_ int, d *goquery.Selection) {
			parts = append(parts, strings.Join(strings.Fields(d.Text()), " "))
		})
		if got := strings.Join(parts, "|"); got != want {
			t.Errorf("row %d: got %q, want %q", i, got, want)
		}
	}
	if strings.Contains(p.Body, "Payroll") {
		t.Error("the page has the description of a rule for another group")
	}
	p.WantText("main", "engineers").WantText("main", "a change counts within")
}

// A user ends a session: its client is disconnected and comes back with a new sign-in only. Other users' sessions are unknown to
// them.
func TestEndSession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	alice, bob := s.signedIn("alice"), s.signedIn("bob")
	c := s.connect("alice")
	other := s.connect("alice")
	s.AddEvents(vpn.Event{Away: &vpn.Away{Connection: other.ID, Endpoint: s.Endpoint.ID}})
	p := alice.Get("/portal/access").WantText("#sessions ~ ul", "Connected").WantText("#sessions ~ ul", "macOS, OCmacOS_3.5.0").WantText("#sessions ~ ul", "198.51.100.7").WantText("#sessions ~ ul", "10.40.0.2").WantText("#sessions ~ ul", "Out of reach since")
	if n := p.Doc.Find("#sessions ~ ul > li").Length(); n != 2 {
		t.Errorf("%d sessions", n)
	}
	bob.Get("/portal/access").WantText("main", "You have no VPN session at present")
	path := "/portal/access/sessions/" + string(c.Session) + "/end"
	unknown := "/portal/access/sessions/" + string(vpn.NewSessionID()) + "/end"
	for _, send := range []func(string) webtest.Page{bob.Get, func(path string) webtest.Page { return bob.Post(path, nil) }} {
		foreign, none := send(path).WantStatus(http.StatusNotFound), send(unknown).WantStatus(http.StatusNotFound)
		if foreign.Body != none.Body {
			t.Errorf("another user's session differs from none:\n%s\n%s", foreign.Body, none.Body)
		}
	}
	q := alice.Get(path).WantText("h1", "End this VPN session?").WantText("main", "198.51.100.7")
	webtest.CheckMarkup(t, path, q)
	if !s.session(c.Session).EndedAt.IsZero() {
		t.Fatal("the question has ended the session")
	}
	alice.Follow(alice.Post(path, nil)).WantText("[role=status]", "The VPN session was ended").WantText("#sessions ~ ul", "Away")
	if x := s.session(c.Session); x.EndedAt.IsZero() || s.Connection(c.ID).Status != vpn.ConnectionTerminating || s.Connection(c.ID).EndReason != "Ended by the user in the self-service portal." {
		t.Errorf("%+v, %+v", x, s.Connection(c.ID))
	}
	alice.Get(path).WantStatus(http.StatusNotFound)
	alice.Post(path, nil).WantStatus(http.StatusNotFound)
	if rows := s.Query("SELECT subject FROM audit WHERE action = 'EndOwnVpnSession' AND actor = 'alice' AND source = '127.0.0.1' AND result = 'ok'"); len(rows) != 1 || rows[0] != string(c.Session) {
		t.Errorf("audit: %v", rows)
	}
	s.Reconcile()
	var terminated []vpn.ConnectionID
	s.Dataplane.Do(func() { terminated = s.Dataplane.Terminated })
	if len(terminated) != 1 || terminated[0] != c.ID {
		t.Errorf("terminated: %v", terminated)
	}
	back := s.Login("")
	back.ID, back.Username, back.Token, back.Returns, back.Serial = "back", "alice", "token-1", true, ""
	s.AddLogins(back)
	s.Dataplane.Do(func() {
		if d := s.Dataplane.Decisions[len(s.Dataplane.Decisions)-1]; d.Allow {
			t.Error("the client of the ended session came back")
		}
	})
}

// "That was not me" ends the session and the other sessions of the portal, and waits for an administrator.
func TestThatWasNotMe(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	thief := s.signedIn("alice")
	c := s.connect("alice")
	bad := webtest.NewBrowser(t, s.base)
	bad.Post(s.Endpoint.ID.PortalPath()+"/sign-in", url.Values{"username": {"alice"}, "password": {"guess"}}).WantStatus(http.StatusForbidden)
	s.Clock.Pass(time.Minute)
	alice, bob := s.signedIn("alice"), s.signedIn("bob")
	p := alice.Get("/portal/access")
	p.WantText("#sign-ins ~ ul", "This browser").WantText("#sign-ins ~ ul", "Refused").WantText("#sign-ins ~ ul", "What to do:").WantText("#sign-ins ~ ul code", "UserCredentialsRefused")
	var links []string
	p.Doc.Find("#sign-ins ~ ul a").Each(func(_ int, a *goquery.Selection) { links = append(links, a.AttrOr("href", "")) })
	if len(links) != 3 {
		t.Fatalf("links: %v", links)
	}
	for _, path := range append(links, "/portal/access/sign-ins/attempt-999/not-me", "/portal/access/sign-ins/x/not-me") {
		missing := bob.Get("/portal/access/sign-ins/" + string(vpn.NewSessionID()) + "/not-me").WantStatus(http.StatusNotFound).Body
		for _, got := range []webtest.Page{bob.Get(path), bob.Post(path, nil)} {
			if got.Status != http.StatusNotFound || got.Body != missing {
				t.Errorf("%s of alice, for bob: %d\n%s", path, got.Status, got.Body)
			}
		}
	}
	current := s.Query("SELECT id FROM portal_session WHERE name = 'alice' ORDER BY created_at DESC")[0]
	alice.Get("/portal/access/sign-ins/"+current+"/not-me").WantText("main", "sign out")
	alice.Post("/portal/access/sign-ins/"+current+"/not-me", nil).WantStatus(http.StatusConflict)
	thief.Get("/portal").WantStatus(http.StatusOK)
	for _, path := range links {
		q := alice.Get(path).WantText("h1", "Was this not you?")
		webtest.CheckMarkup(t, path, q)
		for range 2 { // a second one changes nothing
			alice.Follow(alice.Post(path, nil)).WantText("[role=status]", "the administrators of your VPN see your report")
		}
	}
	thief.Get("/portal").WantStatus(http.StatusSeeOther)
	bob.Get("/portal").WantStatus(http.StatusOK)
	if s.session(c.Session).EndedAt.IsZero() || s.Connection(c.ID).Status != vpn.ConnectionTerminating {
		t.Error("the session goes on")
	}
	alice.Get("/portal/access").WantText("main", "You reported 3 sign-ins as not yours").WantText("#sign-ins ~ ul", "You reported it")
	if rows := s.Query("SELECT text FROM user_report WHERE acknowledged_at = 0 AND name = 'alice'"); len(rows) != 3 {
		t.Errorf("reports: %q", rows)
	}
	if rows := s.Query("SELECT action FROM audit WHERE action = 'ReportOwnSignIn' AND actor = 'alice'"); len(rows) != 6 {
		t.Errorf("audit: %q", rows)
	}
}

// A long list of sign-ins has pages.
func TestSignInsHavePages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	alice := s.signedIn("alice")
	for range 24 {
		s.Clock.Pass(time.Second)
		alice = s.signedIn("alice")
	}
	p := alice.Get("/portal/access")
	seen := p.Doc.Find("#sign-ins ~ ul > li").Length()
	p = alice.Get(strings.TrimSuffix(p.Href("Older"), "#sign-ins"))
	if n := p.Doc.Find("#sign-ins ~ ul > li").Length(); seen != 20 || n != 5 {
		t.Errorf("%d and %d sign-ins", seen, n)
	}
	p.WantText("main", "Newest")
	webtest.CheckMarkup(t, "older", p)
	alice.Get("/portal/access?after=nonsense").WantStatus(http.StatusOK).WantText("#sign-ins ~ ul", "Signed in")
}
