package tutorial_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

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

// The tutorial names the endpoint that its steps are about.
func TestGettingStartedNamesItsEndpoint(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	p := u.Admin.Get("/getting-started").WantText(".guide-step p", "This step and those below are about endpoint main.")
	if got := p.Href("main"); got != u.Endpoint {
		t.Errorf("the name leads to %s", got)
	}
}
