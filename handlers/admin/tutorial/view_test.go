package tutorial_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"sallyport/web/webtest"
)

func TestGettingStartedSaysWhatIsNext(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	p := s.SignIn(t, webtest.Administrator).Get("/").WantStatus(http.StatusOK)
	p.WantText(".guide-step-next .guide-title", "Prerequisites").WantText(".guide-step-next a", "Create network")
	for _, want := range []string{"Generate server and client certificates", "Create a Client VPN endpoint", "Associate a target network", "Add an authorization rule", "internet", "configuration file", "Connect to the Client VPN endpoint"} {
		p.WantText(".guide-steps", want)
	}
	p.Doc.Find(".guide-step").Each(func(i int, step *goquery.Selection) {
		if step.Find(".guide-title").Text() == "" || step.Find("p").Length() == 0 {
			t.Errorf("step %d has no text", i)
		}
	})
	if got := s.SignIn(t, webtest.ReadOnly).Get("/").Text(".guide-step-next"); strings.Contains(got, "Create network") {
		t.Errorf("a read-only account is offered to create a network")
	}
}
