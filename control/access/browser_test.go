package access_test

import (
	"encoding/base64"
	"testing"
	"time"

	"sallyport/control/access"
	"sallyport/control/controltest"
)

// The mark of a browser holds half a year and is renewed by each sign-in. A changed one, one that is too
// old and one of a clock that was set back are none. Used too often it is none for a while.
func TestMarkOfABrowser(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	signIn := func(mark string) string {
		t.Helper()
		in, err := h.Access.SignIn(t.Context(), access.SignInRequest{Username: "admin", Password: controltest.Password, Source: "192.0.2.1", Browser: mark})
		h.Must(err)
		return in.Browser
	}
	mark := signIn("")
	if mark == "" || !h.Access.IsKnownBrowser(mark) {
		t.Fatalf("the mark %q is not known", mark)
	}
	changed, err := base64.RawURLEncoding.DecodeString(mark)
	h.Must(err)
	changed[len(changed)-1] ^= 1
	for what, bad := range map[string]string{"none": "", "no base64": "%", "invented": "AAAA", "changed": base64.RawURLEncoding.EncodeToString(changed)} {
		if h.Access.IsKnownBrowser(bad) {
			t.Errorf("%s: a known browser", what)
		}
	}
	h.Clock.Pass(access.BrowserLife - time.Hour)
	renewed := signIn(mark)
	h.Clock.Pass(2 * time.Hour)
	if h.Access.IsKnownBrowser(mark) || !h.Access.IsKnownBrowser(renewed) {
		t.Error("the old mark is known, or the renewed one is not")
	}
	for range 10 {
		h.Access.IsKnownBrowser(renewed)
	}
	if h.Access.IsKnownBrowser(renewed) {
		t.Error("a mark that is used without end is known")
	}
	h.Clock.Pass(-access.BrowserLife)
	if h.Access.IsKnownBrowser(renewed) {
		t.Error("a mark from the future is known")
	}
}
