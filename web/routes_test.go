package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web"
)

var parameter = regexp.MustCompile(`:[a-z]+`)

// concrete makes a URL of a route's pattern; what it names need not exist.
func concrete(path string) string {
	return strings.Replace(parameter.ReplaceAllString(path, "nothing-such"), "*", "nothing-such", 1)
}

// TestEveryRouteRefusesWhomItsPolicyDoes walks the whole table with a stranger, a read-only
// account and an administrator.
func TestEveryRouteRefusesWhomItsPolicyDoes(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	stranger, readOnly := s.visitor(t), s.as(t, reader)
	for _, r := range web.Table(s.services()) {
		path := concrete(r.Path)
		ask := func(b *browser) page {
			if r.Method == http.MethodPost {
				return b.post(path, nil)
			}
			return b.get(path)
		}
		isAsked := func(p page) bool {
			return p.status == http.StatusSeeOther && strings.HasPrefix(p.header.Get("Location"), "/sign-in")
		}
		switch r.Policy {
		case "signed-in", "may-change":
			if p := ask(stranger); !isAsked(p) {
				t.Errorf("%s %s: a stranger got %d to %q, want the sign-in page", r.Method, r.Path, p.status, p.header.Get("Location"))
			}
		case "setup":
			if p := ask(stranger); !isAsked(p) {
				t.Errorf("%s %s: got %d although an administrator exists", r.Method, r.Path, p.status)
			}
		}
		if r.Policy == "may-change" {
			if p := ask(readOnly); p.status != http.StatusForbidden || !strings.Contains(p.text("main"), "read-only") {
				t.Errorf("%s %s: a read-only account got %d %q, want 403 and why", r.Method, r.Path, p.status, p.text("main"))
			}
		}
		if r.Method == http.MethodPost && r.Policy == "signed-in" && !mayPostReadOnly[r.Path] {
			t.Errorf("POST %s: every account may use it; give it the policy may-change, or name it in mayPostReadOnly", r.Path)
		}
	}
}

// mayPostReadOnly are the forms that a read-only account may send: they change only what is its own.
var mayPostReadOnly = map[string]bool{"/account/password": true}

// TestNoPageChangesAnything gets every page as an administrator and looks whether the audit
// trail grew. No page may fail or refuse an administrator either.
func TestNoPageChangesAnything(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.as(t, boss)
	before := auditCount(t, s)
	for _, r := range web.Table(s.services()) {
		if r.Method != http.MethodGet {
			continue
		}
		p := b.get(concrete(r.Path))
		switch p.status {
		case http.StatusOK, http.StatusSeeOther, http.StatusNotFound:
		default:
			t.Errorf("GET %s: got status %d: %s", r.Path, p.status, p.text("main"))
		}
		if p.status == http.StatusOK && strings.HasPrefix(p.header.Get("Content-Type"), "text/html") {
			checkMarkup(t, r.Path, p)
		}
	}
	if after := auditCount(t, s); after != before {
		t.Errorf("getting every page wrote %d audit records, want none", after-before)
	}
}

func auditCount(t testing.TB, s *site) int {
	t.Helper()
	var n int
	err := s.kit.Store.View(t.Context(), func(tx *store.Tx) error {
		records, err := tx.AuditRecords(t.Context(), vpn.List{Size: 1})
		n = records.Total
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestHeadIsAnsweredWhereGetIs(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	p := s.as(t, boss).send(http.MethodHead, "/administrators", nil, nil)
	if p.status != http.StatusOK || p.body != "" {
		t.Errorf("HEAD got status %d and %d bytes, want 200 and none", p.status, len(p.body))
	}
}

func TestErrorPages(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.as(t, boss)
	b.get("/nothing-here").wantStatus(http.StatusNotFound).wantText("main", "no page at this address").wantText("nav[aria-label=Main]", "Networks")
	b.post("/settings", nil).wantStatus(http.StatusMethodNotAllowed).wantText("main", "links and buttons")
	b.get("/administrators/nothing-such").wantStatus(http.StatusNotFound).wantText("main", "nothing-such")
	s.visitor(t).get("/nothing-here").wantStatus(http.StatusNotFound)

	p := b.send(http.MethodPost, "/administrators/new", strings.NewReader(`{"username":"x"}`), http.Header{"Content-Type": {"application/json"}})
	p.wantStatus(http.StatusUnsupportedMediaType)
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.visitor(t)
	if p := b.get("/healthz").wantStatus(http.StatusOK); p.body != "ok\n" {
		t.Errorf("got %q, want ok", p.body)
	}
	_ = s.kit.Store.Close()
	b.get("/healthz").wantStatus(http.StatusServiceUnavailable)
	p := b.get("/sign-in").wantStatus(http.StatusInternalServerError).wantText("main", "Sallyport could not complete the request")
	if strings.Contains(p.body, "sql") {
		t.Errorf("the page shows the internal error: %s", p.text("main"))
	}
	if !strings.Contains(s.kit.Log.String(), p.header.Get("X-Request-Id")) {
		t.Errorf("the log does not know the request that the page names")
	}
}
