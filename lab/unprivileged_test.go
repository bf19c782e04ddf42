package lab

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// Without root the console runs and says that no dataplane does. No state is shown as applied.
func TestWithoutRoot(t *testing.T) {
	t.Parallel()
	w := newTopology(t, 0)
	before := w.gatewayState(t)
	g := newGateway(t, w.gatewayHost)
	g.UID = 61234
	for _, dir := range []string{"data", "run"} {
		path := filepath.Join(g.Dir, dir)
		if err := errors.Join(os.Mkdir(path, 0o700), os.Chown(path, g.UID, g.UID)); err != nil {
			t.Fatal(err)
		}
	}
	g.Start(t, "serve")
	s := signUp(t, w, g)
	const warning = "not root: the console runs without a dataplane, so no client can connect"
	netlab.Eventually(t, 20*time.Second, "the log says "+warning, func() bool { return strings.Contains(g.Log.String(), warning) })
	const sentence = "No dataplane answers on this host, so new clients cannot connect and changes do not take effect"
	if text := s.Get("/node").Text(); !strings.Contains(text, sentence) {
		t.Errorf("the page of the node does not say %q: %s", sentence, netlab.Tail(text, 600))
	}

	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.Authorize("10.0.1.0/24")
	watched := time.Now()
	netlab.Eventually(t, 10*time.Second, "three seconds of reconciling", func() bool {
		for _, tab := range []string{"", "/associations", "/rules"} {
			text := strings.ToLower(strings.Join(strings.Fields(s.Get(s.Endpoint+tab).Doc.Find("main").Text()), " "))
			for _, claim := range []string{"● available", "● associated", "● active"} {
				if strings.Contains(text, claim) {
					t.Fatalf("%s claims %q without a dataplane: %s", tab, claim, text)
				}
			}
		}
		return time.Since(watched) > 3*time.Second
	})
	s.WaitRow("/associations", "subnet-a", "associating", "dataplane")
	s.WaitRow("/rules", "10.0.1.0/24", "authorizing", "dataplane")
	s.WaitText("", "pending-associate")
	g.Stop(t)
	sameState(t, before, hostState(t, w.gatewayHost))
}
