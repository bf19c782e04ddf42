package tutorial_test

import (
	"net/http"
	"strings"
	"testing"

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
	if got := s.SignIn(t, webtest.ReadOnly).Get("/").Text(".guide-step-next"); strings.Contains(got, "Create network") {
		t.Errorf("a read-only account is offered to create a network")
	}
}
