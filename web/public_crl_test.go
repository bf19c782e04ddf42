package web_test

import (
	"crypto/x509"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
	"sallyport/web"
	"sallyport/web/webtest"
)

// The list of an authority is served to everyone, as it was signed: the same bytes by every process, with a tag that saves sending it again.
func TestPublishedRevocationList(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	authority := b.Create("/certificates/authority/new", url.Values{"common_name": {"Example CA"}, "key_type": {"ECDSA P-256"}, "valid_days": {"200"}})
	id := strings.TrimPrefix(authority, "/certificates/")
	client := b.Create("/certificates/issue", url.Values{"use": {"client"}, "authority": {id}, "common_name": {"alice"}, "key_type": {"ECDSA P-256"}, "valid_days": {"10"}})
	one, other := s.Visitor(t).At(s.StartPublic(t)), s.Visitor(t).At(s.StartPublic(t))
	path := "/crl/" + id + ".crl"
	one.Get(path).WantStatus(http.StatusNotFound) // it is signed first within a minute
	b.Post(client+"/revoke", url.Values{"reason": {string(vpn.ReasonKeyCompromise)}}).WantStatus(http.StatusSeeOther)

	p := one.Get(path).WantStatus(http.StatusOK)
	list, err := x509.ParseRevocationList([]byte(p.Body))
	if err != nil || len(list.RevokedCertificateEntries) != 1 || list.RevokedCertificateEntries[0].ReasonCode != 1 {
		t.Fatalf("the list: %+v, %v", list, err)
	}
	tag := p.Header.Get("ETag")
	for name, want := range map[string]string{"Content-Type": "application/pkix-crl", "Cache-Control": "public, max-age=300", "Last-Modified": list.ThisUpdate.UTC().Format(http.TimeFormat)} {
		if got := p.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	s.Kit.Clock.Pass(time.Minute)
	if p := other.Get(path); p.Body != one.Get(path).Body || p.Header.Get("ETag") != tag || tag == "" {
		t.Errorf("another process sends another list, with the tag %s", p.Header.Get("ETag"))
	}
	if h := other.Send(http.MethodHead, path, nil, nil).WantStatus(http.StatusOK); h.Body != "" || h.Header.Get("ETag") != tag || h.Header.Get("Content-Type") != "application/pkix-crl" {
		t.Errorf("HEAD: %d bytes, %v", len(h.Body), h.Header)
	}
	again := func(tag string) webtest.Page {
		return one.Send(http.MethodGet, path, nil, http.Header{"If-None-Match": {tag}})
	}
	if p := again(tag).WantStatus(http.StatusNotModified); p.Body != "" {
		t.Errorf("304 with %d bytes", len(p.Body))
	}
	again(`"x"`).WantStatus(http.StatusOK)
	for _, none := range []string{"/crl/" + id, "/crl/" + strings.TrimPrefix(client, "/certificates/") + ".crl", "/crl/cert-00000000000000000.crl", "/crl/x.crl", "/crl/.crl", "/crl/..%2f" + id + ".crl"} {
		if p := one.Get(none); p.Status != http.StatusNotFound || p.Header.Get("ETag") != "" {
			t.Errorf("%s: status %d", none, p.Status)
		}
	}
	one.Post(path, nil).WantStatus(http.StatusMethodNotAllowed)
	second := b.Create("/certificates/issue", url.Values{"use": {"client"}, "authority": {id}, "common_name": {"bob"}, "key_type": {"ECDSA P-256"}, "valid_days": {"10"}})
	b.Post(second+"/revoke", url.Values{"reason": {string(vpn.ReasonHold)}}).WantStatus(http.StatusSeeOther)
	if p := again(tag).WantStatus(http.StatusOK); p.Header.Get("ETag") == tag {
		t.Error("a changed list has the tag of before")
	}
	for _, r := range web.PublicTable(s.PublicServices()) {
		if strings.HasPrefix(r.Path, "/crl/") && (r.Method != http.MethodGet || r.Policy != "visitor") {
			t.Errorf("%s %s has the policy %s", r.Method, r.Path, r.Policy)
		}
	}
}
