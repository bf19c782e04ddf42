package webtest

import (
	"bytes"
	"crypto/tls"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// Browser keeps cookies and sends the origin of a form as browsers do, but does not follow redirects.
type Browser struct {
	T      testing.TB
	Site   *Site // nil: the server has no console
	Client *http.Client
	Base   string // where it sends requests: the console, or the public pages
}

// Visitor is a browser without a session.
func (s *Site) Visitor(t testing.TB) *Browser {
	t.Helper()
	b := NewBrowser(t, s.URL)
	b.Site = s
	return b
}

// NewBrowser is a browser without cookies for the server at base.
func NewBrowser(t testing.TB, base string) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{t, nil, &http.Client{
		Jar: jar,
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the test server's own certificate
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, base}
}

// SignIn is a browser with a session of the account.
func (s *Site) SignIn(t testing.TB, username string) *Browser {
	t.Helper()
	b := s.Visitor(t)
	p := b.Post("/sign-in", url.Values{"username": {username}, "password": {Password}})
	if p.Status != http.StatusSeeOther {
		t.Fatalf("sign in as %s: got %d, want 303\n%s", username, p.Status, p.Body)
	}
	return b
}

// Get requests a page.
func (b *Browser) Get(path string) Page { return b.Send(http.MethodGet, path, nil, nil) }

// Post sends a form as a page of the console does.
func (b *Browser) Post(path string, form url.Values) Page {
	return b.Send(http.MethodPost, path, strings.NewReader(form.Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"},
	})
}

// Send sends a request with the header added.
func (b *Browser) Send(method, path string, body io.Reader, header http.Header) Page {
	b.T.Helper()
	r, err := http.NewRequestWithContext(b.T.Context(), method, b.Base+path, body)
	if err != nil {
		b.T.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	answer, err := b.Client.Do(r)
	if err != nil {
		b.T.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.T.Fatal(err)
	}
	p := Page{T: b.T, Status: answer.StatusCode, Header: answer.Header, Body: string(text)}
	if p.Doc, err = goquery.NewDocumentFromReader(strings.NewReader(p.Body)); err != nil {
		b.T.Fatal(err)
	}
	return p
}

// Follow requests the page that a redirect leads to.
func (b *Browser) Follow(p Page) Page {
	b.T.Helper()
	if p.Status != http.StatusSeeOther {
		b.T.Fatalf("got status %d, want 303 See Other\n%s", p.Status, p.Text("main"))
	}
	return b.Get(p.Header.Get("Location"))
}

// Cookie is the session cookie of the browser; nil: it has none.
func (b *Browser) Cookie() *http.Cookie {
	b.T.Helper()
	u, err := url.Parse(b.Site.URL)
	if err != nil {
		b.T.Fatal(err)
	}
	for _, c := range b.Client.Jar.Cookies(u) {
		if strings.HasSuffix(c.Name, "sallyport") {
			return c
		}
	}
	return nil
}

// Credentials are the sign-in form.
func Credentials(username, Password string) url.Values {
	return url.Values{"username": {username}, "password": {Password}}
}

// PostFiles posts a form as a browser does that uploads files: their contents, by the name of the control.
func (b *Browser) PostFiles(path string, form url.Values, files map[string][]string) Page {
	b.T.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range form {
		for _, value := range values {
			_ = w.WriteField(name, value) // to memory it cannot fail
		}
	}
	for name, contents := range files {
		for _, content := range contents {
			part, err := w.CreateFormFile(name, "file.pem")
			if err != nil {
				b.T.Fatal(err)
			}
			_, _ = part.Write([]byte(content))
		}
	}
	_ = w.Close()
	return b.Send(http.MethodPost, path, &body, http.Header{"Content-Type": {w.FormDataContentType()}, "Sec-Fetch-Site": {"same-origin"}})
}
