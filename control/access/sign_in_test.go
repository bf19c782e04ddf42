package access_test

import (
	"strings"
	"testing"

	"sallyport/control/access"
	"sallyport/control/controltest"
	"sallyport/vpn"
)

func (h *kit) signIn(name, pass, source string) (access.SignedIn, error) {
	return h.Access.SignIn(h.T.Context(), access.SignInRequest{Username: name, Password: pass, Source: source})
}

// Each sign-in makes a session with a new identifier, of which only the hash is stored; the old session
// of the browser ends.
func TestSignIn(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	first, err := h.signIn(" ADMIN ", controltest.Password, "192.0.2.1")
	h.Must(err)
	admin, session, err := h.Access.Authenticate(t.Context(), first.Token, true)
	h.Must(err)
	if admin.ID != vpn.AdministratorID(h.Admin.ID) || session.Administrator != vpn.AdministratorID(h.Admin.ID) || session.Source != "192.0.2.1" || session.Audience != access.AudienceConsole {
		t.Errorf("got %+v, %+v", admin, session)
	}
	if strings.Contains(h.Rows(), first.Token) {
		t.Error("the identifier itself is stored")
	}
	if r := h.LastAudit(); r.Action != "SignIn" || r.Actor != "admin" || r.Result != "ok" || r.Subject != string(h.Admin.ID) {
		t.Errorf("audit %+v", r)
	}
	second, err := h.Access.SignIn(t.Context(), access.SignInRequest{Username: "admin", Password: controltest.Password, OldToken: first.Token})
	h.Must(err)
	if second.Token == first.Token {
		t.Error("the identifier is the same after a new sign-in")
	}
	h.WantSession("the old one", first.Token, false)
	h.WantSession("the new one", second.Token, true)
	for _, forged := range []string{"", "x", second.Token + "x", strings.ToUpper(second.Token), session.Hash} {
		h.WantSession("forged "+forged, forged, false)
	}
}

// A failed sign-in is recorded with the name of the account where there is one; other names may be
// passwords in the wrong field and are left out.
func TestFailedSignInIsAudited(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	_, _ = h.signIn("admin", "wrong wrong wrong", "203.0.113.9")
	if r := h.LastAudit(); r.Action != "SignIn" || r.Actor != "admin" || r.Result != "refused" || r.Source != "203.0.113.9" {
		t.Errorf("audit %+v", r)
	}
	_, _ = h.signIn("hunter2hunter2", "admin", "203.0.113.9")
	if r := h.LastAudit(); r.Actor != "unknown" || strings.Contains(h.Rows(), "hunter2") {
		t.Errorf("audit %+v", r)
	}
	before := h.Rows()
	_, err := h.signIn(strings.Repeat("x", 10000), "x", "203.0.113.9")
	h.WantKind("a long name", err, vpn.Denied, "wrong")
	_, err = h.signIn("admin", strings.Repeat("x", 10000), "203.0.113.9")
	h.WantKind("a long password", err, vpn.Denied, "wrong")
	if h.Rows() != before {
		t.Error("oversized input was stored")
	}
}
