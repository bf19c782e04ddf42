package tutorial_test

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

func TestGettingStartedSaysWhatIsNext(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	p := s.SignIn(t, webtest.Administrator).Get("/getting-started").WantStatus(http.StatusOK)
	p.WantText(".guide-step-next .guide-title", "Prerequisites").WantText(".guide-step-next a", "Create network")
	for _, want := range []string{"Generate server and client certificates", "Create a Client VPN endpoint", "Associate a target network", "Add an authorization rule", "internet", "configuration file", "Connect to the Client VPN endpoint"} {
		p.WantText(".guide-steps", want)
	}
	if got := p.Href("Create SAML provider"); got != "/identity-providers/saml/new" {
		t.Errorf("the branch for the company's sign-in leads to %q", got)
	}
	p.Doc.Find(".guide-step").Each(func(i int, step *goquery.Selection) {
		if step.Find(".guide-title").Text() == "" || step.Find("p").Length() == 0 {
			t.Errorf("step %d has no text", i)
		}
	})
	network := s.SignIn(t, webtest.Administrator).Create("/networks/new", url.Values{"name": {"office"}, "cidrs": {"10.0.0.0/16"}})
	p = s.SignIn(t, webtest.Administrator).Get("/getting-started").WantText(".guide-step-next a", "Create subnet")
	if got := p.Href("Create subnet"); got != network+"/subnets/new" {
		t.Errorf("the next step leads to %s", got)
	}
	if got := s.SignIn(t, webtest.ReadOnly).Get("/getting-started").Text(".guide-step-next"); strings.Contains(got, "Create ") {
		t.Errorf("a read-only account is offered to create a network")
	}
}

// The button of the step about certificates follows what is missing: an authority, then a server's, then a client's certificate.
func TestGettingStartedMovesOnAmongCertificates(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	network := b.Create("/networks/new", url.Values{"name": {"office"}, "cidrs": {"10.0.0.0/16"}})
	b.Create(network+"/subnets/new", url.Values{"name": {"office-a"}, "cidr": {"10.0.0.0/24"}, "zone": {"zone-a"}})
	want := func(label, href string) {
		t.Helper()
		button := b.Get("/getting-started").Doc.Find(".guide-step-next a.btn-primary")
		if got, _ := button.Attr("href"); strings.TrimSpace(button.Text()) != label || got != href {
			t.Errorf("the next button is %q to %s, want %q to %s", button.Text(), got, label, href)
		}
	}
	want("Create certificate authority", "/certificates/authority/new")
	b.Get("/getting-started").WantText(".guide-step details summary", "What this step is") // the one that is done is folded
	u := &webtest.Fixture{Site: s, Admin: b}
	u.Authority = b.Create("/certificates/authority/new", url.Values{"common_name": {"Our CA"}, "key_type": {"ECDSA P-256"}, "valid_days": {"3650"}})
	want("Issue server certificate", "/certificates/issue?use=server")
	u.Issue("server", "vpn.example.test")
	want("Issue client certificate", "/certificates/issue?use=client")
	b.Get("/certificates/issue?use=client").WantValue("use", "client")
	u.Issue("client", "alice")
	want("Create Client VPN endpoint", "/endpoints/new")
}

// When every step is done that is needed, the page says so and leads on.
func TestGettingStartedEnds(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	if strings.Contains(u.Admin.Get("/getting-started").Text("main"), "The VPN works") {
		t.Error("the tutorial is over before a client is connected")
	}
	u.Admin.Post(u.Endpoint+"/configuration/download", nil).WantStatus(http.StatusOK)
	u.Connect(t, "alice", "10.20.0.5", vpn.ConnectionActive)
	u.Admin.Get("/getting-started").WantText(".guide-step-next .guide-title", "Provide access to the internet").WantText("main", "Split-tunnel is disabled")
	u.Admin.Get("/").WantText("main", "connected clients do not reach the internet")
	u.Admin.Get(u.Endpoint).WantText("main", "connected clients do not reach the internet")
	u.Admin.Get(u.Endpoint+"/configuration").WantText("main", "Clients lose the internet")
	u.Admin.Post(u.Endpoint+"/routes/new", url.Values{"destination": {"0.0.0.0/0"}, "subnet": {u.ZoneA}}).WantStatus(http.StatusSeeOther)
	u.Admin.Create(u.Endpoint+"/rules/new", url.Values{"destination": {"0.0.0.0/0"}, "access": {"all"}})
	u.SetApplied(t)
	p := u.Admin.Get("/getting-started").WantText("main h2", "The VPN works")
	webtest.CheckMarkup(t, "/getting-started", p)
	if got := p.Href("Issue a certificate for another user"); got != "/certificates/issue?use=client" {
		t.Errorf("the finished tutorial leads to %q", got)
	}
}

// The tutorial names the endpoint that its steps are about.
func TestGettingStartedNamesItsEndpoint(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	p := u.Admin.Get("/getting-started").WantText(".guide-step p", "This step and those below are about endpoint main.")
	if got := p.Href("main"); got != u.Endpoint {
		t.Errorf("the name leads to %s", got)
	}
}

// A success leads to the tutorial's next step until the tutorial is done or dismissed in the browser; then it leads on from what was made.
func TestSuccessLeadsThroughTheTutorial(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	network := b.Create("/networks/new", url.Values{"name": {"office"}, "cidrs": {"10.0.0.0/16"}})
	subnet := func(n string) webtest.Page {
		b.Post(network+"/subnets/new", url.Values{"name": {"office-" + n}, "cidr": {"10.0." + n + ".0/24"}, "zone": {"zone-a"}}).WantStatus(http.StatusSeeOther)
		return b.Get(network)
	}
	if got := subnet("0").Href("Create certificate authority"); got != "/certificates/authority/new" {
		t.Errorf("after the subnet the tutorial leads to %q", got)
	}
	b.Post("/getting-started/dismiss", nil).WantStatus(http.StatusSeeOther)
	if got := subnet("1").Href("Associate it with a Client VPN endpoint"); got != "/endpoints" {
		t.Errorf("with the tutorial dismissed the subnet leads to %q", got)
	}

	u := webtest.NewReadyEndpoint(t)
	rule := func(cidr string) webtest.Page {
		u.Admin.Post(u.Endpoint+"/rules/new", url.Values{"destination": {cidr}, "access": {"all"}}).WantStatus(http.StatusSeeOther)
		return u.Admin.Get(u.Endpoint + "/rules")
	}
	if got := rule("10.7.0.0/16").Href("Provide access to the internet"); got != u.Endpoint+"/routes/new?destination=0.0.0.0%2F0" {
		t.Errorf("after the rule the internet is offered at %q", got)
	}
	u.Admin.Post(u.Endpoint+"/configuration/download", nil).WantStatus(http.StatusOK)
	if p := rule("10.8.0.0/16"); p.Doc.Find(".alert a").Length() != 1 || p.Href("Download client configuration") != u.Endpoint+"/configuration" {
		t.Errorf("after the file was downloaded a rule leads to: %s", p.Text(".alert"))
	}
}

// The console and the documentation number the same steps.
func TestGettingStartedIsAsTheDocumentation(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/getting-started.md")
	if err != nil {
		t.Fatal(err)
	}
	var written []string
	for _, m := range regexp.MustCompile(`(?m)^([0-9]+)\. \*\*(.+?)\.?\*\*( \(optional\))?`).FindAllStringSubmatch(string(page), -1) {
		written = append(written, m[1]+" "+m[2]+m[3])
	}
	var shown []string
	s := webtest.NewWithAccounts(t)
	s.SignIn(t, webtest.Administrator).Get("/getting-started").Doc.Find(".guide-step").Each(func(i int, step *goquery.Selection) {
		title := step.Find(".guide-title").Contents().First().Text()
		line := step.Find(".guide-mark").Text() + " " + strings.TrimSpace(title)
		if done := strings.TrimPrefix(line, "✓ "); done != line {
			line = strconv.Itoa(i+1) + " " + done
		}
		if strings.Contains(step.Find(".guide-title").Text(), "Optional") {
			line += " (optional)"
		}
		shown = append(shown, line)
	})
	if !slices.Equal(written, shown) {
		t.Errorf("the documentation has\n%s\nthe console\n%s", strings.Join(written, "\n"), strings.Join(shown, "\n"))
	}
}
