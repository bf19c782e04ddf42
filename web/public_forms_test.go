package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/handlers/portal"
	"sallyport/web"
)

// heldBody is a form that does not come to its end before a test lets it.
type heldBody struct{ begun, free chan struct{} }

func (b heldBody) Read([]byte) (int, error) {
	b.begun <- struct{}{}
	<-b.free
	return 0, io.EOF
}

// A source without an account has a bounded number of forms of identity providers read at a time, and leaves places to others.
// Other forms are small.
func TestFormsTakeTurns(t *testing.T) {
	t.Parallel()
	s := controltest.NewSite(t)
	p := s.AskBrowser(false)
	base, _ := url.Parse(controltest.PublicURL) // a constant
	h := web.NewPublic(web.PublicConfig{Services: portal.Services{Core: s.Core, SignIns: s.SignIns}, Log: s.Core.Log, Now: s.Clock.Now, URL: base, Loopback: true})
	post := func(from, path string, body io.Reader) int {
		r := httptest.NewRequest(http.MethodPost, controltest.PublicURL+path, body)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = from + ":50000"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	acs := "/saml/" + string(p.ID) + "/acs"
	body := heldBody{begun: make(chan struct{}, 300), free: make(chan struct{})}
	const sent, wait = 280, 256
	answered := make(chan int, sent)
	for range sent {
		go func() { answered <- post("198.51.100.7", acs, body) }()
	}
	for range sent - wait { // the others wait
		if status := <-answered; status != http.StatusServiceUnavailable {
			t.Fatalf("got %d", status)
		}
	}
	for i := range 16 {
		select {
		case <-body.begun:
		case <-time.After(10 * time.Second):
			t.Fatalf("%d forms are read at a time", i)
		}
	}
	if status := post("203.0.113.9", acs, strings.NewReader("RelayState=x")); status != http.StatusNotFound {
		t.Errorf("another source: got %d", status)
	}
	if n := len(body.begun); n != 0 {
		t.Errorf("%d more forms are read", n)
	}
	close(body.free)
	for range wait {
		if status := <-answered; status != http.StatusNotFound {
			t.Errorf("got %d", status)
		}
	}
	if status := post("203.0.113.9", "/a/x/confirm", strings.NewReader("a="+strings.Repeat("a", 40<<10))); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a large form: got %d", status)
	}
}
