package browser

import "testing"

// What moves by itself: states of a page that stays open, and the banner that says why nothing
// moves. The two processes run apart, as their units have them.
func TestMovesByItself(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	p := newUser(t, s.base)
	p.signUp(s)
	p.createNetwork(1)
	p.createCertificates()
	endpoint := p.createEndpoint()
	p.open("about:blank") // or the browser complains that the console is away
	s.StopCommand(t, "serve")
	s.StartWeb(t)

	// Without a dataplane nothing pretends to be done.
	p.open(endpoint + "/associations/new")
	p.choose("Choose a subnet to associate", "subnet-a")
	p.press("Associate target network")
	p.row("subnet-a", "associating")
	p.sees("pending-associate", "The dataplane needs attention")
	p.inspect("associating without a dataplane")
	p.remember()

	s.Start(t, "dataplane")
	p.row("subnet-a", "associated")
	p.sees("available")
	p.missing("The dataplane needs attention")
	p.sameAsRemembered()

	s.KillCommand("dataplane")
	p.sees("The dataplane needs attention", "No dataplane answers on this host")
	p.sameAsRemembered()

	// A form that is being filled in shows it too, and keeps what was typed.
	s.Start(t, "dataplane")
	p.open(endpoint + "/rules/new")
	p.missing("The dataplane needs attention")
	p.fill("Description", "typed before the dataplane went")
	s.KillCommand("dataplane")
	p.sees("The dataplane needs attention")
	if got := p.value("Description"); got != "typed before the dataplane went" {
		t.Errorf("the form now holds %q", got)
	}
	s.Start(t, "dataplane") // it cleans up behind the one that was killed, when it is stopped
}
