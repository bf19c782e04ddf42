package selfservice_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

// The most bytes of a first page with all that it loads, and of a second one, whose files the browser has.
const (
	firstPage  = 120_000
	secondPage = 15_000
)

// loads are the elements with which a page has the browser load something by itself.
var loads = regexp.MustCompile(`<(?:link|img|script|use|iframe|source|video|audio|object|embed)\b[^>]*?(?:href|src|srcset|data)="([^"#]*)`)

// wire is what an answer takes on the wire, as a browser asks for it: headers and body.
func wire(t *testing.T, b *webtest.Browser, base, path string) (bytes int, body string, header http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip") // set by hand, so the answer stays as it was sent
	a, err := b.Client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	sent, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v", path, a.StatusCode, err)
	}
	bytes = len(sent)
	if a.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(strings.NewReader(string(sent)))
		if err != nil {
			t.Fatal(err)
		}
		if sent, err = io.ReadAll(unpacked); err != nil {
			t.Fatal(err)
		}
	}
	for name, values := range a.Header {
		for _, v := range values {
			bytes += len(name) + len(v) + len(": \r\n")
		}
	}
	return bytes, string(sent), a.Header
}

// Pages are small with one endpoint and with twelve, and load nothing from elsewhere.
func TestPagesAreSmallAndLoadNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	s.Set(s.Admin, "endpoint_quota", "20")
	b := s.signedIn("alice")
	visitor := s.browser()
	look := func(who *webtest.Browser, path string) {
		t.Helper()
		page, body, header := wire(t, who, s.base, path)
		csp := header.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none';") || strings.Contains(csp, "http") || strings.Contains(csp, "*") || strings.Contains(csp, "script") != (who == b) || who == b && !strings.HasSuffix(csp, "; script-src 'self'") {
			t.Errorf("%s: the policy is %s", path, csp)
		}
		all := page
		files := map[string]bool{}
		for _, m := range loads.FindAllStringSubmatch(body, -1) {
			if !strings.HasPrefix(m[1], "/") || strings.HasPrefix(m[1], "//") {
				t.Errorf("%s loads %q", path, m[1])
				continue
			}
			files[m[1]] = true
		}
		if len(files) < 2 {
			t.Errorf("%s loads %d files: the expression no longer finds them", path, len(files))
		}
		for f := range files {
			n, _, h := wire(t, who, s.base, f)
			all += n
			if !strings.Contains(h.Get("Cache-Control"), "immutable") {
				t.Errorf("%s, which %s loads, is loaded again by every page: %q", f, path, h.Get("Cache-Control"))
			}
		}
		t.Logf("%s: %d bytes first, %d then", path, all, page)
		if all > firstPage || page > secondPage {
			t.Errorf("%s: %d bytes with all that it loads, %d alone; at most %d and %d", path, all, page, firstPage, secondPage)
		}
	}
	look(visitor, "/")
	look(visitor, s.door())
	look(b, "/portal")
	for i := range 11 {
		name := fmt.Sprintf("VPN of site %d with a name of some length", i)
		_, err := s.Endpoints.CreateEndpoint(t.Context(), s.Admin, vpn.EndpointSpec{
			Name: name, Description: strings.Repeat("What it is for. ", 8), ClientCIDR: fmt.Sprintf("10.%d.0.0/22", 100+i), Certificate: s.Server.ID, Port: strconv.Itoa(2000 + i),
			UserBased: true, Directory: s.d.ID, SelfServicePortal: true, ClientOptions: vpn.DefaultOptions(),
		})
		s.Must(err)
	}
	for _, p := range vpn.Platforms() {
		look(b, "/portal?platform="+string(p))
	}
	if n := b.Get("/portal").Doc.Find(".offer").Length(); n != 12 {
		t.Errorf("%d endpoints are offered", n)
	}
}
