package gateway

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"sallyport/lab/netlab"
)

// Password is the password of every account that the tests create.
const Password = "correct horse battery"

// Admin is a signed-in administrator at the console, who works on one endpoint.
type Admin struct {
	*Console
	// Endpoint is the path of the endpoint's page, once CreateEndpoint has made it.
	Endpoint string
	// Network is the path of the network's page, once CreateNetwork has made it.
	Network string
}

// SignUp creates the first administrator, by the link that the gateway printed, and signs in.
func SignUp(t testing.TB, g *Gateway) *Admin {
	t.Helper()
	a := &Admin{Console: OpenConsole(t, g)}
	_, token, _ := strings.Cut(g.SetupLink(t), "/setup?")
	p := a.Submit("/setup?"+token, "Create administrator and sign in", Fields{"User name": "admin", "Password": Password, "Password again": Password})
	if p.Status != 200 || strings.HasPrefix(p.URL.Path, "/setup") {
		t.Fatalf("set-up: status %d at %s: %s", p.Status, p.URL, p.Text())
	}
	return a
}

// For gives the same administrator to a subtest, whose failures are then its own.
func (a *Admin) For(t testing.TB) *Admin {
	console, admin := *a.Console, *a
	console.T, admin.Console = t, &console
	return &admin
}

// CreateNetwork makes the network office, 10.0.0.0/16, with subnet-a, 10.0.1.0/24 in zone-a, and
// subnet-b, 10.0.2.0/24 in zone-b.
func (a *Admin) CreateNetwork() {
	a.T.Helper()
	a.Network = a.MustSubmit("/networks/new", "Create network", Fields{"Name": "office", "IPv4 CIDRs": "10.0.0.0/16"}).URL.Path
	a.CreateSubnet("subnet-a", "10.0.1.0/24", "zone-a")
	a.CreateSubnet("subnet-b", "10.0.2.0/24", "zone-b")
}

// CreateSubnet makes another subnet of the network.
func (a *Admin) CreateSubnet(name, cidr, zone string) {
	a.T.Helper()
	a.MustSubmit(a.Network+"/subnets/new", "Create subnet", Fields{"Name": name, "IPv4 CIDR": cidr, "Availability zone": zone})
}

// CreateCertificates makes the authority Lab CA, a server certificate for vpn.lab.test, and a client
// certificate for each name.
func (a *Admin) CreateCertificates(clients ...string) {
	a.T.Helper()
	a.MustSubmit("/certificates/authority/new", "Create certificate authority", Fields{"Common name (CN)": "Lab CA"})
	a.MustSubmit("/certificates/issue", "Issue certificate", Fields{"Server certificate": "", "Common name (CN)": "vpn.lab.test"})
	for _, cn := range clients {
		a.IssueCertificate(cn)
	}
}

// IssueCertificate makes a client certificate.
func (a *Admin) IssueCertificate(cn string) {
	a.T.Helper()
	a.MustSubmit("/certificates/issue", "Issue certificate", Fields{"Client certificate": "", "Common name (CN)": cn})
}

// CreateEndpoint makes an endpoint for clients in 10.128.0.0/22, unless fields say otherwise, and
// goes on with it.
func (a *Admin) CreateEndpoint(in Fields) {
	a.T.Helper()
	all := Fields{"Name tag": "tutorial", "Client IPv4 CIDR": "10.128.0.0/22", "Server certificate": "vpn.lab.test"}
	maps.Copy(all, in)
	a.Endpoint = a.MustSubmit("/endpoints/new", "Create Client VPN endpoint", all).URL.Path
}

// Associate associates a subnet, by name, with the endpoint.
func (a *Admin) Associate(subnet string) {
	a.T.Helper()
	a.MustSubmit(a.Endpoint+"/associations/new", "Associate target network", Fields{"Choose a subnet to associate": subnet + " ("})
}

// Authorize adds an authorization rule for all users.
func (a *Admin) Authorize(cidr string) {
	a.T.Helper()
	a.MustSubmit(a.Endpoint+"/rules/new", "Add authorization rule", Fields{"Destination network to enable access": cidr})
}

// AddRoute adds a route through the subnets, by name, and through no other target network.
func (a *Admin) AddRoute(cidr string, subnets ...string) {
	a.T.Helper()
	p := a.Get(a.Endpoint + "/routes/new")
	in := Fields{"Route destination": cidr}
	p.Doc.Find(`label:has(input[name="subnet"]) .form-check-label`).Each(func(_ int, l *goquery.Selection) {
		label := strings.TrimSpace(l.Text())
		name, _, _ := strings.Cut(label, " ")
		in[label] = "off"
		if slices.Contains(subnets, name) {
			in[label] = "on"
		}
	})
	done := a.Press(p, "Create route", in)
	if done.Doc.Find("form.announcement").Length() > 0 { // the way to the destination is doubtful
		done = a.Press(done, "Create route", nil)
	}
	if done.Status != 200 {
		a.T.Fatalf("route to %s: status %d: %s", cidr, done.Status, done.Text())
	}
}

// Profile downloads the client configuration with the certificate and key of a client; without them
// where client is empty.
func (a *Admin) Profile(client string) string {
	a.T.Helper()
	if client == "" {
		label := "Download client configuration"
		if strings.Contains(a.Get(a.Endpoint+"/configuration").Text(), "Download without certificate") {
			label = "Download without certificate"
		}
		return a.Submit(a.Endpoint+"/configuration", label, nil).Body
	}
	p := a.Submit(a.Endpoint+"/configuration", "Download with certificate and key", Fields{"Client certificate and key": client})
	if !strings.Contains(p.Body, "<cert>") {
		a.T.Fatalf("no certificate in the file: %s", netlab.Tail(p.Text(), 500))
	}
	return p.Body
}

// waitLimit is how long the console may take to show what was applied.
const waitLimit = 20 * time.Second

// WaitText waits until a tab of the endpoint shows all words, in any case.
func (a *Admin) WaitText(tab string, words ...string) {
	a.T.Helper()
	netlab.Eventually(a.T, waitLimit, a.Endpoint+tab+" shows "+strings.Join(words, ", "), func() bool {
		return containsAll(a.Get(a.Endpoint+tab).Text(), words)
	})
}

// WaitNoText waits until a tab of the endpoint no longer shows a word.
func (a *Admin) WaitNoText(tab, word string) {
	a.T.Helper()
	netlab.Eventually(a.T, waitLimit, a.Endpoint+tab+" no longer shows "+word, func() bool {
		return !strings.Contains(a.Get(a.Endpoint+tab).Text(), word)
	})
}

// WaitRow waits until a row of a tab has all words, in any case.
func (a *Admin) WaitRow(tab, row string, words ...string) {
	a.T.Helper()
	words = append([]string{row}, words...)
	netlab.Eventually(a.T, waitLimit, a.Endpoint+tab+" has a row with "+strings.Join(words, ", "), func() bool {
		for _, tr := range a.Get(a.Endpoint + tab).Doc.Find("tr").EachIter() {
			if containsAll(tr.Text(), words) {
				return true
			}
		}
		return false
	})
}

// Row is the text of the first row of a tab that has a word; empty where there is none.
func (a *Admin) Row(tab, word string) string {
	a.T.Helper()
	for _, tr := range a.Get(a.Endpoint + tab).Doc.Find("tr").EachIter() {
		if text := tr.Text(); strings.Contains(text, word) {
			return strings.Join(strings.Fields(text), " ")
		}
	}
	return ""
}

func containsAll(text string, words []string) bool {
	text = strings.ToLower(text)
	for _, w := range words {
		if !strings.Contains(text, strings.ToLower(w)) {
			return false
		}
	}
	return true
}

// Remove follows the link of a row to the page that asks for confirmation, and confirms.
func (a *Admin) Remove(tab, row, button string) *Page {
	a.T.Helper()
	return a.Press(a.Confirmation(tab, row), button, nil)
}

var removalLink = regexp.MustCompile(`/delete$|/terminate\?`)

// Confirmation follows the link of a row to the page that asks before its object is removed.
func (a *Admin) Confirmation(tab, row string) *Page {
	a.T.Helper()
	p := a.Get(a.Endpoint + tab)
	var href string
	for _, tr := range p.Doc.Find("tr").EachIter() {
		if !strings.Contains(tr.Text(), row) {
			continue
		}
		for _, link := range tr.Find("a").EachIter() {
			if h, _ := link.Attr("href"); removalLink.MatchString(h) {
				href = h
			}
		}
	}
	if href == "" {
		a.T.Fatalf("%s has no row %q that can be removed: %s", a.Endpoint+tab, row, netlab.Tail(p.Text(), 800))
	}
	u, err := p.URL.Parse(href)
	if err != nil {
		a.T.Fatal(err)
	}
	return a.Get(u.RequestURI())
}

// Modify changes the endpoint, through the page that tells what the change does where there is one. answer are the
// fields of that page. It gives the page; nil: the change was saved at once.
func (a *Admin) Modify(in, answer Fields) (announced *Page) {
	a.T.Helper()
	return a.modify(a.Endpoint+"/edit", "Modify Client VPN endpoint", in, answer)
}

// ModifyNetwork is Modify for the network that CreateNetwork made.
func (a *Admin) ModifyNetwork(in, answer Fields) (announced *Page) {
	a.T.Helper()
	return a.modify(a.Network+"/edit", "Modify network", in, answer)
}

func (a *Admin) modify(form, button string, in, answer Fields) (announced *Page) {
	a.T.Helper()
	p := a.Submit(form, button, in)
	announces := p.Doc.Find("form.announcement").Length() > 0
	switch conflict := p.Status == http.StatusConflict; { // where a client connected while it was saved
	case p.Status != http.StatusOK && !(conflict && announces):
		a.T.Fatalf("the change was not accepted: status %d: %s", p.Status, p.Text())
	case !announces:
		return nil
	}
	if done := a.Press(p, button, answer); done.Status != 200 || done.Doc.Find("form.announcement").Length() > 0 {
		a.T.Fatalf("the change was not saved: status %d: %s", done.Status, done.Text())
	}
	return p
}
