package access_test

import (
	"fmt"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/control/controltest"
)

// Only the idle and the absolute limit end a session by themselves.
func TestSessionLimits(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	idle, busy := h.SignedIn("admin"), h.SignedIn("admin")
	for passed := time.Duration(0); passed < controltest.Limits.Absolute; passed += 30 * time.Minute {
		h.WantSession(fmt.Sprintf("busy after %s", passed), busy, true)
		h.Clock.Pass(30 * time.Minute)
	}
	h.WantSession("busy at its limit", busy, true)
	h.Clock.Pass(time.Second)
	h.WantSession("busy beyond it", busy, false)
	h.WantSession("idle", idle, false)

	token := h.SignedIn("admin")
	h.Clock.Pass(controltest.Limits.Idle)
	h.WantSession("at the idle limit", token, true) // this is a request too
	h.Clock.Pass(controltest.Limits.Idle + time.Second)
	h.WantSession("beyond the idle limit", token, false)

	// Requests that a page makes by itself are answered and do not extend the session.
	token = h.SignedIn("admin")
	for range 2 {
		h.Clock.Pass(controltest.Limits.Idle / 2)
		if _, _, err := h.Access.Authenticate(t.Context(), token, false); err != nil {
			t.Errorf("a page that renews itself: %v", err)
		}
	}
	h.Clock.Pass(time.Second)
	h.WantSession("nobody was there", token, false)
}

// Signing out ends this session and not the others of the account; a second time is not recorded.
func TestSignOut(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	one, two := h.SignedIn("admin"), h.SignedIn("admin")
	h.Must(h.Access.SignOut(t.Context(), h.Admin, one))
	h.WantSession("signed out", one, false)
	h.WantSession("the other", two, true)
	if r := h.LastAudit(); r.Action != "SignOut" || r.Actor != "admin" {
		t.Errorf("audit %+v", r)
	}
	before := h.Rows()
	h.Must(h.Access.SignOut(t.Context(), h.Admin, one))
	h.Must(h.Access.SignOut(t.Context(), control.Principal{}, ""))
	if h.Rows() != before {
		t.Error("signing out again changed something")
	}
}

// A session of the portal never acts on the console.
func TestAudience(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	token := h.SignedIn("admin")
	if _, err := h.Raw.ExecContext(t.Context(), "UPDATE session SET audience = 'portal'"); err != nil {
		t.Fatal(err)
	}
	h.WantSession("portal", token, false)
}
