package browser

import "testing"

// A page that stays open shows changes of state, and a banner while the dataplane is away. The two
// processes run as separate commands, as the systemd units do.
func TestLiveUpdates(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	p := newUser(t, s.base)
	p.signUp(s)
	p.createNetwork(1)
	p.createCertificates()
	endpoint := p.createEndpoint()
	p.open("about:blank") // otherwise the browser reports that the console is away
	s.StopCommand(t, "serve")
	s.StartWeb(t)

	// Without a dataplane no state is shown as applied.
	p.open(endpoint + "/associations/new")
	p.choose("Choose a subnet to associate", "subnet-a")
	p.press("Associate target network")
	p.waitRow("subnet-a", "associating")
	p.waitText("pending-associate", "The dataplane needs attention")
	p.inspect("associating without a dataplane")
	p.markPage()

	s.Start(t, "dataplane")
	p.waitRow("subnet-a", "associated")
	p.waitText("available")
	p.waitNoText("The dataplane needs attention")
	p.wantMarkedPage()

	s.KillCommand("dataplane")
	p.waitText("The dataplane needs attention", "No dataplane answers on this host")
	p.wantMarkedPage()

	// A form shows the banner too, and keeps what was typed.
	s.Start(t, "dataplane")
	p.open(endpoint + "/rules/new")
	p.waitNoText("The dataplane needs attention")
	p.fill("Description", "typed before the dataplane went")
	s.KillCommand("dataplane")
	p.waitText("The dataplane needs attention")
	if got := p.value("Description"); got != "typed before the dataplane went" {
		t.Errorf("the form now holds %q", got)
	}
	s.Start(t, "dataplane") // its stop cleans up after the one that was killed

	// An open page says that the console is gone, and stops when it is back.
	p.open(endpoint + "/associations")
	p.markPage()
	p.setOffline(true)
	s.KillCommand("web")
	p.waitText("The console does not answer. What you see is of", "subnet-a")
	p.screenshot("console-silent")
	s.StartWeb(t)
	p.waitNoText("The console does not answer")
	p.setOffline(false)
	p.wantMarkedPage()
}
