package page

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
)

func newContext(encrypted bool, cookies ...*http.Cookie) (echo.Context, *httptest.ResponseRecorder) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if encrypted {
		r.TLS = &tls.ConnectionState{}
	}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	return echo.New().NewContext(r, w), w
}

func TestLoginCookie(t *testing.T) {
	t.Parallel()
	for encrypted, name := range map[bool]string{true: "__Host-sallyport-login", false: "sallyport-login"} {
		c, w := newContext(encrypted)
		SetLoginToken(c, "secret", 10*time.Minute)
		EndLoginToken(c)
		set := w.Result().Cookies()
		if len(set) != 2 {
			t.Fatalf("%d cookies", len(set))
		}
		for i, want := range []struct {
			value  string
			maxAge int
		}{{"secret", 600}, {"", -1}} {
			got := set[i]
			if got.Name != name || got.Value != want.value || got.MaxAge != want.maxAge || got.Path != "/" || got.Domain != "" ||
				!got.Secure || !got.HttpOnly || got.SameSite != http.SameSiteNoneMode || !slices.Contains(CookieNames(), got.Name) {
				t.Errorf("encrypted %t: got %s", encrypted, got.Raw)
			}
		}
		c, _ = newContext(encrypted, set[0])
		if got := LoginToken(c); got != "secret" {
			t.Errorf("the token came back as %q", got)
		}
		c, _ = newContext(!encrypted, set[0])
		if got := LoginToken(c); got != "" {
			t.Errorf("the cookie of the other scheme is taken: %q", got)
		}
	}
}
