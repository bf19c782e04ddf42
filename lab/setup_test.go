package lab

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// site is a gateway with a signed-in administrator.
type site struct {
	*topology
	*gateway
	*console
	endpoint string // path of the endpoint's page
}

const adminPassword = "correct horse battery"

func newSite(t testing.TB, clients int, settings ...string) *site {
	t.Helper()
	w := newTopology(t, clients)
	w.serveEcho(t)
	return signIn(t, w, startGateway(t, w.gateway, settings...))
}

// serveEcho has every host that is no client answer on echoPort.
func (w *topology) serveEcho(t testing.TB) {
	t.Helper()
	for _, n := range []*namespace{w.hostA, w.hostB, w.internet, w.left, w.right} {
		echoServer(t, n, echoPort)
	}
}

// signIn makes the first administrator of a gateway.
func signIn(t testing.TB, w *topology, g *gateway) *site {
	t.Helper()
	s := &site{topology: w, gateway: g, console: openConsole(t, w.gateway)}
	p := s.submit(g.setupPath(t), "Create administrator and sign in", fields{"User name": "admin", "Password": adminPassword, "Password again": adminPassword})
	if p.status != 200 || strings.HasPrefix(p.url.Path, "/setup") {
		t.Fatalf("set-up: status %d at %s: %s", p.status, p.url, p.text())
	}
	return s
}

// in gives the same site to a subtest, whose failures are then its own.
func (s *site) in(t testing.TB) *site {
	c, mine := *s.console, *s
	c.t, mine.console = t, &c
	return &mine
}

// mustSubmit submits a form and fails where it is refused.
func (s *site) mustSubmit(path, button string, in fields) *page {
	s.console.t.Helper()
	p := s.submit(path, button, in)
	if p.status != 200 {
		s.console.t.Fatalf("%s %q: status %d: %s", path, button, p.status, p.text())
	}
	return p
}

// createNetwork makes the tutorial's network with both subnets.
func (s *site) createNetwork() {
	s.console.t.Helper()
	p := s.mustSubmit("/networks/new", "Create network", fields{"Name": "office", "IPv4 CIDRs": "10.0.0.0/16"})
	network := p.url.Path
	s.mustSubmit(network+"/subnets/new", "Create subnet", fields{"Name": "subnet-a", "IPv4 CIDR": "10.0.1.0/24", "Availability zone": "zone-a"})
	s.mustSubmit(network+"/subnets/new", "Create subnet", fields{"Name": "subnet-b", "IPv4 CIDR": "10.0.2.0/24", "Availability zone": "zone-b"})
}

// createCertificates makes an authority, a server certificate and client certificates.
func (s *site) createCertificates(clients ...string) {
	s.console.t.Helper()
	s.mustSubmit("/certificates/authority/new", "Create certificate authority", fields{"Common name (CN)": "Lab CA"})
	s.mustSubmit("/certificates/issue", "Issue certificate", fields{"Server certificate": "", "Common name (CN)": "vpn.lab.test"})
	for _, cn := range clients {
		s.mustSubmit("/certificates/issue", "Issue certificate", fields{"Client certificate": "", "Common name (CN)": cn})
	}
}

// createEndpoint makes the tutorial's endpoint.
func (s *site) createEndpoint(in fields) {
	s.console.t.Helper()
	all := fields{"Name tag": "tutorial", "Client IPv4 CIDR": "10.128.0.0/22", "Server certificate": "vpn.lab.test"}
	for label, value := range in {
		all[label] = value
	}
	s.endpoint = s.mustSubmit("/endpoints/new", "Create Client VPN endpoint", all).url.Path
}

func (s *site) associate(subnet string) {
	s.console.t.Helper()
	s.mustSubmit(s.endpoint+"/associations/new", "Associate target network", fields{"Choose a subnet to associate": subnet + " ("})
}

func (s *site) authorize(cidr string) {
	s.console.t.Helper()
	s.mustSubmit(s.endpoint+"/rules/new", "Add authorization rule", fields{"Destination network to enable access": cidr})
}

func (s *site) addRoute(cidr, subnet string) {
	s.console.t.Helper()
	s.mustSubmit(s.endpoint+"/routes/new", "Create route", fields{"Route destination": cidr, "Subnet ID for target network association": subnet})
}

// shows waits until a page of the endpoint shows all words.
func (s *site) shows(tab string, words ...string) {
	s.console.t.Helper()
	var last string
	eventually(s.console.t, 20*time.Second, s.endpoint+tab+" shows "+strings.Join(words, ", "), func() bool {
		last = strings.ToLower(s.get(s.endpoint + tab).text())
		for _, w := range words {
			if !strings.Contains(last, strings.ToLower(w)) {
				return false
			}
		}
		return true
	})
}

// row gives the text of a line of a tab.
func (s *site) row(tab, row string) string {
	s.console.t.Helper()
	for _, tr := range s.get(s.endpoint + tab).doc.Find("tr").EachIter() {
		if text := tr.Text(); strings.Contains(text, row) {
			return strings.Join(strings.Fields(text), " ")
		}
	}
	return ""
}

// line waits until a line of a tab has all words.
func (s *site) line(tab, row string, words ...string) {
	s.console.t.Helper()
	eventually(s.console.t, 20*time.Second, s.endpoint+tab+" has a line "+row+" with "+strings.Join(words, ", "), func() bool {
		for _, tr := range s.get(s.endpoint + tab).doc.Find("tr").EachIter() {
			text := strings.ToLower(tr.Text())
			has := strings.Contains(text, strings.ToLower(row))
			for _, w := range words {
				has = has && strings.Contains(text, strings.ToLower(w))
			}
			if has {
				return true
			}
		}
		return false
	})
}

// hides waits until a page of the endpoint no longer shows a word.
func (s *site) hides(tab, word string) {
	s.console.t.Helper()
	eventually(s.console.t, 20*time.Second, s.endpoint+tab+" no longer shows "+word, func() bool {
		return !strings.Contains(s.get(s.endpoint+tab).text(), word)
	})
}

// profile downloads the client configuration, with the certificate of a client inside.
func (s *site) profile(client string) string {
	s.console.t.Helper()
	if client == "" {
		return s.get(s.endpoint + "/configuration/download").body
	}
	p := s.submit(s.endpoint+"/configuration", "Download with certificate and key", fields{"Client certificate and key": client})
	if !strings.Contains(p.body, "<cert>") {
		s.console.t.Fatalf("no certificate in the file: %s", tail(p.text(), 500))
	}
	return p.body
}

// remove follows the link of a table row to its confirmation page and confirms.
func (s *site) remove(tab, row, button string) *page {
	s.console.t.Helper()
	return s.press(s.confirmation(tab, row), button, nil)
}

// confirmation follows the link of a table row to the page that asks before it is removed.
func (s *site) confirmation(tab, row string) *page {
	s.console.t.Helper()
	p := s.get(s.endpoint + tab)
	var href string
	for _, tr := range p.doc.Find("tr").EachIter() {
		if !strings.Contains(tr.Text(), row) {
			continue
		}
		for _, a := range tr.Find("a").EachIter() {
			if h, _ := a.Attr("href"); deletes.MatchString(h) {
				href = h
			}
		}
	}
	if href == "" {
		s.console.t.Fatalf("%s has no row %q that can be removed: %s", s.endpoint+tab, row, tail(p.text(), 800))
	}
	u, err := p.url.Parse(href)
	if err != nil {
		s.console.t.Fatal(err)
	}
	return s.get(u.RequestURI())
}

var deletes = regexp.MustCompile(`/delete$|/terminate\?`)
