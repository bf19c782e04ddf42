package selfservice_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"

	"sallyport/control/installer"
	"sallyport/vpn"
	"sallyport/web"
	"sallyport/web/webtest"
)

// cutServer serves the public pages over TLS, to connections that are cut.
type cutServer struct {
	*httptest.Server
	t       *testing.T
	pages   http.Handler
	cookie  *http.Cookie
	answers sync.WaitGroup // requests by send that are not answered
	hold    *hold          // of the next requests; nil: none is held
}

// hold stops an answer before its first byte.
type hold struct {
	made chan struct{} // closed when the answer is there
	cut  chan struct{} // closed when the connection has been cut
	once sync.Once
}

// newCutServer serves the pages of a site to the user of a browser.
func newCutServer(t *testing.T, s *site, b *webtest.Browser) *cutServer {
	t.Helper()
	u, err := url.Parse(webtest.PublicURL)
	s.Must(err)
	c := &cutServer{t: t, pages: web.NewPublic(web.PublicConfig{Services: webtest.PublicServicesOf(s.Kit), Log: s.Core.Log, Now: s.Clock.Now, URL: u, Loopback: true})}
	at, err := url.Parse(s.base)
	s.Must(err)
	for _, cookie := range b.Client.Jar.Cookies(at) {
		if cookie.Name == "__Host-sallyport-portal" {
			c.cookie = cookie
		}
	}
	c.Server = httptest.NewUnstartedServer(c)
	c.Config.ErrorLog = slog.NewLogLogger(s.Core.Log.Handler(), slog.LevelDebug)
	c.StartTLS()
	t.Cleanup(c.Close)
	return c
}

func (c *cutServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer c.answers.Done()
	if c.hold != nil {
		w = heldWriter{w, c.hold}
	}
	c.pages.ServeHTTP(w, r)
}

type heldWriter struct {
	http.ResponseWriter
	hold *hold
}

func (w heldWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w heldWriter) Write(b []byte) (int, error) {
	w.hold.once.Do(func() { close(w.hold.made); <-w.hold.cut })
	return w.ResponseWriter.Write(b)
}

// send sends a request over a connection of its own.
func (c *cutServer) send(method, path string) (*net.TCPConn, io.Reader) {
	c.t.Helper()
	conn, err := net.Dial("tcp", c.Listener.Addr().String())
	if err != nil {
		c.t.Fatal(err)
	}
	plain := conn.(*net.TCPConn)
	_ = plain.SetReadBuffer(64 << 10)                                 // a large file does not fit into buffers
	secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the test server's own certificate
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.URL+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.AddCookie(c.cookie)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	c.answers.Add(1)
	if err := r.Write(secure); err != nil {
		c.t.Fatal(err)
	}
	return plain, secure
}

// reset cuts a connection: what the server writes from then on is an error there.
func (c *cutServer) reset(conn *net.TCPConn) {
	c.t.Helper()
	if err := conn.SetLinger(0); err != nil {
		c.t.Fatal(err)
	}
	_ = conn.Close()
}

// A download whose connection is cut is in the audit trail, and not among the downloads: it is not counted, and the page does not say
// that the user has the file. The next one is whole, and counted once.
func TestInterruptedDownload(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	b := s.signedIn("alice")
	c := newCutServer(t, s, b)
	cut := func() {
		t.Helper()
		c.hold = &hold{made: make(chan struct{}), cut: make(chan struct{})}
		conn, _ := c.send(http.MethodPost, s.download())
		<-c.hold.made
		c.reset(conn)
		close(c.hold.cut)
		c.answers.Wait()
	}
	want := func(asked, fetched int) {
		t.Helper()
		for query, want := range map[string]int{
			"SELECT COUNT(*) FROM audit WHERE action = 'DownloadSelfServicePortalConfiguration'": asked,
			"SELECT COUNT(*) FROM profile_download":                                              fetched,
			"SELECT COALESCE(SUM(handed_out), 0) FROM profile_offer":                             fetched,
		} {
			if got := s.Query(query); len(got) != 1 || got[0] != strconv.Itoa(want) {
				t.Errorf("%s: got %v, want %d", query, got, want)
			}
		}
	}
	whole := func() {
		t.Helper()
		want, err := s.Endpoints.ClientConfiguration(t.Context(), s.Admin, s.Endpoint.ID, "")
		s.Must(err)
		s.Exec("DELETE FROM profile_download WHERE user_key = ''") // that of the administrator
		if file := b.Post(s.download(), nil).WantStatus(http.StatusOK); file.Body != want.Text {
			t.Errorf("the file is\n%s\nwant\n%s", file.Body, want.Text)
		}
	}
	cut()
	want(1, 0)
	b.Get("/portal").WantText(".offer summary", "You have not downloaded it yet")
	whole()
	want(2, 1)
	b.Get("/portal").WantText(".offer summary", "You downloaded it on")

	e := s.View().Endpoint
	told, err := s.Endpoints.AnnounceKeyRotation(t.Context(), s.Admin, e.ID)
	s.Must(err)
	_, err = s.Endpoints.RotateKey(t.Context(), s.Admin, e.ID, e.Version, vpn.Consent{Announced: told.Kind(), Word: told.Word()})
	s.Must(err)
	const newer = "There is a newer configuration file than the one that you downloaded"
	b.Get("/portal").WantText(".offer", newer)
	cut()
	b.Get("/portal").WantText(".offer", newer)
	whole()
	if p := b.Get("/portal"); p.Doc.Find(".offer .warn").Length() != 0 {
		t.Errorf("after the whole download: %s", p.Text(".offer"))
	}
	want(4, 2)
}

// The download of a program whose connection is cut goes on where it ended, and gives its place back.
func TestInterruptedInstaller(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	b := s.signedIn("alice")
	c := newCutServer(t, s, b)
	program := bytes.Repeat([]byte("eight MB of a program "), 8<<20/22)
	s.Must(s.Installers.Replace(t.Context(), s.Admin, installer.Upload{Platform: vpn.Linux, Program: vpn.OpenVPNTerminal, FileName: "openvpn.deb", Body: bytes.NewReader(program)}))
	const path = "/portal/installers/linux"
	var tag string
	got := make([]byte, 200_000)
	for range 12 { // a user has eight places
		conn, from := c.send(http.MethodGet, path)
		answer, err := http.ReadResponse(bufio.NewReader(from), nil)
		s.Must(err)
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("status %d", answer.StatusCode)
		}
		_, err = io.ReadFull(answer.Body, got)
		s.Must(err)
		tag = answer.Header.Get("ETag")
		c.reset(conn)
		c.answers.Wait()
	}
	rest := b.Send(http.MethodGet, path, nil, http.Header{"Range": {"bytes=200000-"}, "If-Range": {tag}}).WantStatus(http.StatusPartialContent)
	if !bytes.Equal(append(got, rest.Body...), program) {
		t.Errorf("the two parts are %d bytes, and not the program of %d", len(got)+len(rest.Body), len(program))
	}
}
