package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web"
	"sallyport/web/webtest"
)

var parameter = regexp.MustCompile(`:[a-z]+`)

// concrete makes a URL from the pattern of a route, with IDs that do not exist.
func concrete(path string) string {
	return strings.Replace(parameter.ReplaceAllString(path, "nothing-such"), "*", "nothing-such", 1)
}

// Each route is requested without a session and by a read-only account.
func TestEveryRouteKeepsItsPolicy(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	visitor, readOnly := s.Visitor(t), s.SignIn(t, webtest.ReadOnly)
	for _, r := range web.Table(s.Services()) {
		path := concrete(r.Path)
		ask := func(b *webtest.Browser) webtest.Page {
			if r.Method == http.MethodPost {
				return b.Post(path, nil)
			}
			return b.Get(path)
		}
		isAsked := func(p webtest.Page) bool {
			return p.Status == http.StatusSeeOther && strings.HasPrefix(p.Header.Get("Location"), "/sign-in")
		}
		switch r.Policy {
		case "signed-in", "may-change":
			if p := ask(visitor); !isAsked(p) {
				t.Errorf("%s %s: a request without a session got %d to %q, want the sign-in page", r.Method, r.Path, p.Status, p.Header.Get("Location"))
			}
		case "setup":
			if p := ask(visitor); !isAsked(p) {
				t.Errorf("%s %s: got %d although an administrator exists", r.Method, r.Path, p.Status)
			}
		}
		if r.Policy == "may-change" {
			if p := ask(readOnly); p.Status != http.StatusForbidden || !strings.Contains(p.Text("main"), "read-only") {
				t.Errorf("%s %s: a read-only account got %d %q, want 403 and why", r.Method, r.Path, p.Status, p.Text("main"))
			}
		}
		if r.Method == http.MethodPost && r.Policy == "signed-in" && !mayPostReadOnly[r.Path] {
			t.Errorf("POST %s: every account may use it; give it the policy may-change, or name it in mayPostReadOnly", r.Path)
		}
	}
}

// mayPostReadOnly are the forms that a read-only account may send: they change only its own data.
var mayPostReadOnly = map[string]bool{"/account/password": true, "/list-view": true, "/getting-started/dismiss": true}

// No GET route writes an audit record, and none fails or refuses an administrator.
func TestNoPageChangesAnything(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	before := auditCount(t, s)
	for _, r := range web.Table(s.Services()) {
		if r.Method != http.MethodGet {
			continue
		}
		p := b.Get(concrete(r.Path))
		switch p.Status {
		case http.StatusOK, http.StatusSeeOther, http.StatusNotFound:
		default:
			t.Errorf("GET %s: got status %d: %s", r.Path, p.Status, p.Text("main"))
		}
		if p.Status == http.StatusOK && strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			webtest.CheckMarkup(t, r.Path, p)
		}
	}
	if after := auditCount(t, s); after != before {
		t.Errorf("getting every page wrote %d audit records, want none", after-before)
	}
}

func auditCount(t testing.TB, s *webtest.Site) int {
	t.Helper()
	var n int
	err := s.Kit.Store.View(t.Context(), func(tx *store.Tx) error {
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
	s := webtest.NewWithAccounts(t)
	p := s.SignIn(t, webtest.Administrator).Send(http.MethodHead, "/administrators", nil, nil)
	if p.Status != http.StatusOK || p.Body != "" {
		t.Errorf("HEAD got status %d and %d bytes, want 200 and none", p.Status, len(p.Body))
	}
}

func TestErrorPages(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	b.Get("/nothing-here").WantStatus(http.StatusNotFound).WantText("main", "no page at this address").WantText("nav[aria-label=Main]", "Networks")
	b.Post("/networks", nil).WantStatus(http.StatusMethodNotAllowed).WantText("main", "links and buttons")
	b.Get("/administrators/nothing-such").WantStatus(http.StatusNotFound).WantText("main", "nothing-such").WantText("main code", "InvalidAdministratorId.NotFound")
	s.Visitor(t).Get("/nothing-here").WantStatus(http.StatusNotFound)

	p := b.Send(http.MethodPost, "/administrators/new", strings.NewReader(`{"username":"x"}`), http.Header{"Content-Type": {"application/json"}})
	p.WantStatus(http.StatusUnsupportedMediaType)
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	b := s.Visitor(t)
	if p := b.Get("/healthz").WantStatus(http.StatusOK); p.Body != "ok\n" {
		t.Errorf("got %q, want ok", p.Body)
	}
	_ = s.Kit.Store.Close()
	b.Get("/healthz").WantStatus(http.StatusServiceUnavailable)
	p := b.Get("/sign-in").WantStatus(http.StatusInternalServerError).WantText("main", "Sallyport could not complete the request")
	if strings.Contains(p.Body, "sql") {
		t.Errorf("the page shows the internal error: %s", p.Text("main"))
	}
	if !strings.Contains(s.Kit.Log.String(), p.Header.Get("X-Request-Id")) {
		t.Errorf("the log does not know the request that the page names")
	}
}
