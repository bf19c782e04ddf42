package runner_test

import (
	"strings"
	"testing"

	"sallyport/vpn"
)

// A worker that does not answer a sign-in in a browser delays neither other sign-ins nor the logins that were decided with it.
func TestAnswersAreSentBesideEachOther(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	sent, stuck := make(chan string, 3), make(chan struct{})
	s.Dataplane.OnDecide = func(d vpn.LoginDecision) {
		if sent <- d.ID; strings.HasPrefix(d.ID, "stuck") {
			<-stuck
		}
	}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		s.Runner.Answer(t.Context(), map[string]vpn.BrowserSignInID{"stuck-1": "sign-in-1", "stuck-2": "sign-in-2"},
			vpn.LoginDecision{ID: "stuck-1"}, vpn.LoginDecision{ID: "password"}, vpn.LoginDecision{ID: "stuck-2"})
	}()
	for range 3 {
		next(t, "an answer that does not wait for another", sent)
	}
	close(stuck)
	next(t, "the end of the answers", answered)
}
