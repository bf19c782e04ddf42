package access_test

import (
	"testing"
	"time"

	"sallyport/control/access"
	"sallyport/control/controltest"
)

const day = 24 * time.Hour

// Set forward the clock ends console sessions as time does; set back it ends them too, for they
// would otherwise outlast their limits by as much. Who signs in then is in.
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
	h.Clock.Pass(-time.Minute) // as when the time is set right by the network
	h.WantSession("a minute back", token, true)
}

// A set-up link outlasts no jump forward, and is good for one use whichever way the clock goes.
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
