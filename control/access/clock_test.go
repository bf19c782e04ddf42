package access_test

import (
	"testing"
	"time"

	"sallyport/control/access"
	"sallyport/control/controltest"
)

const day = 24 * time.Hour

// A clock that is set forward ends console sessions, as time does. A clock that is set back ends them
// too, because they would outlast their limits. A new sign-in works either way.
func TestSessionsOnAClockThatIsSet(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"a day ahead": day, "a day back": -day, "ten years back": -3650 * day} {
		h := newKit(t)
		token := h.SignedIn("admin")
		h.Clock.Pass(jump)
		h.WantSession(name, token, false)
		h.WantSession(name+", signed in again", h.SignedIn("admin"), true)
	}
	h := newKit(t)
	token := h.SignedIn("admin")
	h.Clock.Pass(-time.Minute) // as a time server does
	h.WantSession("a minute back", token, true)
}

// A set-up link ends with a jump forward, and can be used once however the clock is set.
func TestSetupLinkOnAClockThatIsSet(t *testing.T) {
	t.Parallel()
	h := newEmptyKit(t)
	token, _, err := h.Access.NewSetupLink(t.Context())
	h.Must(err)
	h.Clock.Pass(day)
	if valid, err := h.Access.SetupLinkValid(t.Context(), token); valid || err != nil {
		t.Errorf("a day ahead: %v, %v", valid, err)
	}
	h.Clock.Pass(-2 * day)
	if _, err := h.Access.CompleteSetup(t.Context(), access.SetupRequest{Token: token, Username: "admin", Password: controltest.Password, Again: controltest.Password}); err != nil {
		t.Fatal(err)
	}
	if valid, err := h.Access.SetupLinkValid(t.Context(), token); valid || err != nil {
		t.Errorf("used, a day back: %v, %v", valid, err)
	}
}
