package static

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, method, path, encoding string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	if encoding != "" {
		r.Header.Set("Accept-Encoding", encoding)
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func built(t *testing.T) map[string]string {
	t.Helper()
	names, err := manifest()
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestEveryAssetIsServed(t *testing.T) {
	t.Parallel()
	for name := range built(t) {
		plain, packed := get(t, "GET", URL(name), "identity"), get(t, "GET", URL(name), "br, gzip;q=0.5")
		for _, r := range []*http.Response{plain, packed} {
			if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") == "" || !strings.Contains(r.Header.Get("Cache-Control"), "immutable") ||
				r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s: %d %v", name, r.StatusCode, r.Header)
			}
		}
		if plain.Header.Get("Content-Encoding") != "" || packed.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: encodings %q, %q", name, plain.Header.Get("Content-Encoding"), packed.Header.Get("Content-Encoding"))
		}
		unpacked, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text := body(t, plain.Body)
		if text != body(t, unpacked) || text == "" {
			t.Errorf("%s: the compressed twin differs, or it is empty", name)
		}
		if strings.Contains(text, "sourceMappingURL") {
			t.Errorf("%s names a source map, which is not carried", name)
		}
	}
}

func TestNothingElseIsServed(t *testing.T) {
	t.Parallel()
	built(t)
	hashed := URL("app.css")
	for _, path := range []string{"/static/", "/static/app.css", "/static/manifest.json", "/static/.gitkeep", hashed + ".gz", "/static/../static.go", "/app.css"} {
		if r := get(t, "GET", path, ""); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, r.StatusCode)
		}
	}
	if r := get(t, "POST", hashed, ""); r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d, want 405", r.StatusCode)
	}
	if r := get(t, "HEAD", hashed, ""); r.StatusCode != http.StatusOK || body(t, r.Body) != "" {
		t.Errorf("HEAD: %d or a body", r.StatusCode)
	}
}

func TestAcceptEncoding(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"": false, "gzip": true, "deflate, gzip": true, "br;q=1.0, gzip;q=0.8": true, "*": true,
		"gzip;q=0": false, "gzip; q=0.000": false, "identity": false, "xgzip": false, "gzip;q=x": false,
	} {
		if got := takesGzip(header); got != want {
			t.Errorf("%q: got %t, want %t", header, got, want)
		}
	}
}

var used = regexp.MustCompile(`static\.URL\("([^"]+)"\)`)

func TestEveryNameThatViewsUsesExists(t *testing.T) {
	t.Parallel()
	names, loaded, seen := built(t), map[string]bool{}, 0
	err := filepath.WalkDir("../views", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".templ" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range used.FindAllStringSubmatch(string(text), -1) {
			seen++
			loaded[m[1]] = true
			if names[m[1]] == "" {
				t.Errorf("%s: there is no %s", path, m[0])
			}
		}
		return err
	})
	if err != nil || seen == 0 {
		t.Fatalf("looked at %d names: %v", seen, err)
	}
	for name := range names { // and nothing is carried that no page loads
		if name != "licenses.txt" && !loaded[name] {
			t.Errorf("%s is in the program, and no page loads it", name)
		}
	}
}

// The pages forbid inline styles and scripts, so our own files may not make any.
func TestOwnFilesKeepTheContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("src/*.js")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("found %v: %v", scripts, err)
	}
	for _, script := range scripts {
		js, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		forbid(t, script, string(js))
	}
}

func forbid(t *testing.T, script, js string) {
	t.Helper()
	for _, bad := range []string{".style.", "setAttribute(\"style\"", "innerHTML", "eval(", "new Function", "createElement(\"script\")", "createElement(\"style\")"} {
		if strings.Contains(js, bad) {
			t.Errorf("%s uses %s", script, bad)
		}
	}
}
