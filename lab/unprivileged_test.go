package lab

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Without root the console runs and says plainly that no dataplane does; nothing pretends to work.
func TestWithoutRoot(t *testing.T) {
	t.Parallel()
	w := newTopology(t, 0)
	before := hostState(t, w.gateway)
	g := prepareGateway(t, w.gateway)
	g.uid = 61234
	for _, dir := range []string{"data", "run"} {
		path := filepath.Join(g.dir, dir)
		if err := errors.Join(os.Mkdir(path, 0o700), os.Chown(path, g.uid, g.uid)); err != nil {
			t.Fatal(err)
		}
	}
	g.start(t)
	s := signIn(t, w, g)
	if want := "not root: the console runs, and no dataplane does, so nobody can connect"; !strings.Contains(g.out.String(), want) {
		t.Errorf("the log does not say %q", want)
	}
	const sentence = "No dataplane answers on this host, so nobody new can connect and no change takes effect"
	if text := s.get("/settings").text(); !strings.Contains(text, sentence) {
		t.Errorf("the page of the node does not say %q: %s", sentence, tail(text, 600))
	}

	s.createNetwork()
	s.createCertificates("alice")
	s.createEndpoint(nil)
	s.associate("subnet-a")
	s.authorize("10.0.1.0/24")
	watched := time.Now()
	eventually(t, 10*time.Second, "some reconciling", func() bool {
		for _, tab := range []string{"", "/associations", "/rules"} {
			text := strings.ToLower(strings.Join(strings.Fields(s.get(s.endpoint+tab).doc.Find("main").Text()), " "))
			for _, claim := range []string{"● available", "● associated", "● active"} {
				if strings.Contains(text, claim) {
					t.Fatalf("%s claims %q without a dataplane: %s", tab, claim, text)
				}
			}
		}
		return time.Since(watched) > 3*time.Second
	})
	s.line("/associations", "subnet-a", "associating", "dataplane")
	s.line("/rules", "10.0.1.0/24", "authorizing", "dataplane")
	s.shows("", "pending-associate")
	g.stop(t)
	sameState(t, before, hostState(t, w.gateway))
}
