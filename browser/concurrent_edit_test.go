package browser

import "testing"

// When two administrators edit the same endpoint, the second one is told and keeps what they typed.
func TestTwoAtOneEndpoint(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	first := newUser(t, s.base)
	first.signUp(s)
	first.createCertificates()
	edit := first.createEndpoint() + "/edit"
	second := newUser(t, s.base)
	second.signIn("admin")

	first.open(edit)
	second.open(edit)
	first.fill("Description", "For everybody in the office")
	first.press("Modify Client VPN endpoint")
	first.waitText("modified")

	second.fill("Name tag", "headquarters")
	second.fill("Description", "For the headquarters")
	second.press("Modify Client VPN endpoint")
	second.waitText("Another administrator saved", "For everybody in the office")
	if name, why := second.value("Name tag"), second.value("Description"); name != "headquarters" || why != "For the headquarters" {
		t.Errorf("what the second typed is lost: %q, %q", name, why)
	}
	second.inspect("endpoint edited by another administrator")
	first.open(edit)
	if got := first.value("Description"); got != "For everybody in the office" {
		t.Errorf("the first one's description is %q", got)
	}

	// The second one may now save the changes all the same.
	second.press("Modify Client VPN endpoint")
	second.waitText("modified", "headquarters", "For the headquarters")
}
