package selfservice

import (
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"

	"sallyport/vpn"
)

func TestPlatformOfTheBrowser(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url, hint, agent string
		want             vpn.Platform
	}{
		{"/portal", "", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", vpn.Windows},
		{"/portal", "", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15", vpn.MacOS},
		{"/portal", "", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", vpn.Linux},
		{"/portal", "", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15", vpn.IOS},
		{"/portal", "", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36", vpn.Android},
		{"/portal", `"Android"`, "Mozilla/5.0 (X11; Linux x86_64)", vpn.Android}, // the desktop page on a telephone
		{"/portal", `"Chrome OS"`, "", vpn.Linux},
		{"/portal", `"Unknown"`, "", vpn.Windows},
		{"/portal", "", "", vpn.Windows},
		{"/portal?platform=ios", `"macOS"`, "", vpn.IOS},
		{"/portal?platform=%3Cscript%3E", `"macOS"`, "", vpn.MacOS},
	} {
		r := httptest.NewRequest("GET", c.url, nil)
		r.Header.Set("User-Agent", c.agent)
		if c.hint != "" {
			r.Header.Set("Sec-CH-UA-Platform", c.hint)
		}
		if got := platformOf(echo.New().NewContext(r, nil)); got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
	}
}
