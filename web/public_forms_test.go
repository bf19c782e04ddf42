package web_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"sallyport/control/controltest"
	"sallyport/handlers/portal"
	"sallyport/vpn"
	"sallyport/web"
)

// slowBody is a form of which the beginning is sent, and the rest when a test lets it.
type slowBody struct {
	io.Reader
	begun chan struct{}
	free  chan struct{}
}

func newSlowBody(size int, free chan struct{}) *slowBody {
	return &slowBody{strings.NewReader(strings.Repeat("a", size)), make(chan struct{}), free}
}

func (b *slowBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		if b.begun != nil {
			close(b.begun)
			b.begun = nil
		}
		<-b.free
	}
	return n, err
}

func post(h http.Handler, from, path string, body io.Reader) int {
	r := httptest.NewRequest(http.MethodPost, controltest.PublicURL+path, body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = from + ":50000"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// Forms of identity providers that are sent slowly keep others from nothing, however many sources send them: the usual ones take
// no place while they come, and of large ones a source has a bounded number. Other forms are small.
func TestSlowFormsKeepNoPlace(t *testing.T) {
	t.Parallel()
	s := controltest.NewSite(t)
	p := s.AskBrowser(false)
	base, _ := url.Parse(controltest.PublicURL) // a constant
	h := web.NewPublic(web.PublicConfig{Services: portal.Services{Core: s.Core, SignIns: s.SignIns, Branding: s.Branding}, Log: s.Core.Log, Now: s.Clock.Now, URL: base, Loopback: true})
	acs := "/saml/" + string(p.ID) + "/acs"
	free := make(chan struct{})
	const sources, ofEach = 10, 20
	answered := make(chan int, sources*ofEach)
	for i := range sources {
		for j := range ofEach {
			body := newSlowBody(1000+j, free)
			begun := body.begun
			go func() { answered <- post(h, fmt.Sprint("198.51.100.", i), acs, body) }()
			<-begun
		}
	}
	if status := post(h, "203.0.113.9", acs, strings.NewReader("RelayState=x")); status != http.StatusNotFound {
		t.Errorf("beside slow ones: got %d", status)
	}
	large := "RelayState=x&SAMLResponse=" + strings.Repeat("a", 100<<10)
	for j := range 18 { // what a source may have in memory
		body := newSlowBody(40<<10+j, free)
		begun := body.begun
		go func() { answered <- post(h, "192.0.2.66", acs, body) }()
		<-begun
	}
	if status := post(h, "192.0.2.66", acs, strings.NewReader(large)); status != http.StatusServiceUnavailable {
		t.Errorf("one more large form of the source: got %d", status)
	}
	for _, from := range []string{"203.0.113.9", "192.0.2.66"} {
		if status := post(h, from, acs, strings.NewReader("RelayState=x")); status != http.StatusNotFound {
			t.Errorf("a usual form of %s: got %d", from, status)
		}
	}
	if status := post(h, "203.0.113.9", acs, strings.NewReader(large)); status != http.StatusNotFound {
		t.Errorf("a large form of another source: got %d", status)
	}
	close(free)
	for range sources*ofEach + 18 {
		if status := <-answered; status != http.StatusNotFound {
			t.Errorf("a slow one: got %d", status)
		}
	}
	if status := post(h, "192.0.2.66", acs, strings.NewReader(large)); status != http.StatusNotFound {
		t.Errorf("after the slow ones have ended: got %d", status)
	}
	if status := post(h, "203.0.113.9", "/a/x/confirm", strings.NewReader("a="+strings.Repeat("a", 40<<10))); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a large form elsewhere: got %d", status)
	}
}

// A source has a bounded number of forms judged at a time, others of it wait or are refused, and another source has its places.
func TestFormsTakeTurns(t *testing.T) {
	t.Parallel()
	begun, free := make(chan struct{}, 300), make(chan struct{})
	handler := web.TakeTurns(func(c echo.Context) error {
		begun <- struct{}{}
		<-free
		return c.NoContent(http.StatusNoContent)
	})
	e := echo.New()
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		if vpn.KindOf(err) == vpn.Unavailable {
			_ = c.NoContent(http.StatusServiceUnavailable)
		}
	}
	e.POST("/acs", handler)
	const sent, wait = 280, 256
	answered := make(chan int, sent)
	for range sent {
		go func() { answered <- post(e, "198.51.100.7", "/acs", strings.NewReader("a=b")) }()
	}
	for range sent - wait { // the others wait
		if status := <-answered; status != http.StatusServiceUnavailable {
			t.Fatalf("got %d", status)
		}
	}
	for range 16 {
		<-begun
	}
	other := make(chan int, 1)
	go func() { other <- post(e, "203.0.113.9", "/acs", strings.NewReader("a=b")) }()
	<-begun
	if n := len(begun); n != 0 {
		t.Errorf("%d more forms are judged", n)
	}
	close(free)
	for range wait {
		if status := <-answered; status != http.StatusNoContent {
			t.Errorf("got %d", status)
		}
	}
	if status := <-other; status != http.StatusNoContent {
		t.Errorf("another source: got %d", status)
	}
}
