package selfservice_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"sallyport/control/controltest"
	"sallyport/handlers/portal"
	"sallyport/store"
	"sallyport/store/postgrestest"
	"sallyport/vpn"
	"sallyport/web"
	"sallyport/web/webtest"
)

const (
	crowdOfFew  = 10
	crowdOfMany = 10_000
	ofEachUser  = 3  // connections, and devices
	visitors    = 10 // of the users, who are measured
)

// crowd is an endpoint with the self-service portal, whose directory has users, each with connections, a refused sign-in, a
// file that was fetched, and devices.
type crowd struct {
	*controltest.Site
	directory vpn.DirectoryID
	pages     http.Handler
	base      string // of the same pages over TLS
	signedIn  int    // sign-ins so far
}

// newCrowd makes one on a database; an empty address is a SQLite file.
func newCrowd(b *testing.B, dsn string, users int) *crowd {
	b.Helper()
	s := controltest.NewSiteOn(b, dsn)
	d := s.AskAnswers(controltest.DirectorySpec(), false)
	s.SetPortal(true)
	s.Authorize("10.0.1.0/24")
	base, _ := url.Parse(controltest.PublicURL) // a constant
	c := &crowd{Site: s, directory: d.ID, base: webtest.NewPublic(b, s.Kit)}
	c.pages = web.NewPublic(web.PublicConfig{
		Services: portal.Services{Core: s.Core, SignIns: s.SignIns, Portal: s.Portal, Devices: s.Devices, Branding: s.Branding, Installers: s.Installers, Providers: s.Identity}, Log: s.Core.Log, Now: s.Clock.Now, URL: base, Loopback: true,
	})
	for i := range visitors {
		s.Directory.Put(password, vpn.ProviderUser{Key: c.user(i * users / visitors).Key, Name: userName(i * users / visitors)})
	}
	s.Must(s.Core.Update(b.Context(), func(tx *store.Tx) error { return c.fill(b.Context(), tx, users) }))
	if dsn != "" {
		analyze(b, dsn)
	}
	return c
}

// analyze does what PostgreSQL does by itself, later.
func analyze(b *testing.B, dsn string) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), dsn)
	if err == nil {
		_, err = conn.Exec(b.Context(), "VACUUM ANALYZE")
	}
	if err != nil {
		b.Fatal(err)
	}
	_ = conn.Close(b.Context())
}

func userName(i int) string { return fmt.Sprintf("user%05d", i) }

func (c *crowd) user(i int) vpn.UserRef {
	return vpn.UserRef{Provider: vpn.ProviderID(c.directory), Key: fmt.Sprintf("key-%05d", i)}
}

// fill writes what the users have to the database directly: their logins would take hours.
func (c *crowd) fill(ctx context.Context, tx *store.Tx, users int) error {
	now := c.Clock.Now()
	for first := 0; first < users; first += 500 {
		var seen []vpn.Sighting
		var connections []vpn.Connection
		for i := first; i < min(first+500, users); i++ {
			ref, at := c.user(i), now.Add(-time.Duration(i)*time.Second)
			seen = append(seen, vpn.Sighting{UserRef: ref, Name: userName(i), At: at, Endpoint: c.Endpoint.ID, Groups: []vpn.Group{{ID: "staff", Name: "staff"}, {ID: fmt.Sprint("team ", i%500), Name: fmt.Sprint("team ", i%500)}}})
			for n := range ofEachUser {
				address := netip.AddrFrom4([4]byte{10, 40, byte(i), byte(n)})
				connections = append(connections, vpn.Connection{
					ID: vpn.NewConnectionID(), Endpoint: c.Endpoint.ID, Association: c.Association.ID, Session: vpn.NewSessionID(), Node: "node-1", Status: vpn.ConnectionTerminated,
					Username: userName(i), Provider: ref.Provider, UserKey: ref.Key, ClientIP: address, Device: netip.AddrPortFrom(address, 40000), Platform: "linux",
					EstablishedAt: at.Add(-time.Hour), EndedAt: at,
				})
				if err := tx.CreateDevice(ctx, vpn.Device{
					ID: vpn.NewDeviceID(), UserRef: ref, UserName: userName(i), Endpoint: c.Endpoint.ID, Name: fmt.Sprint("device ", n), Authority: c.CA.ID,
					Serial: fmt.Sprint(i*ofEachUser + n), Fingerprint: fmt.Sprintf("%064x", i*ofEachUser+n), IssuerKey: "of the authority", NotBefore: at, NotAfter: now.AddDate(1, 0, 0), CreatedAt: at,
				}); err != nil {
					return err
				}
			}
			refused := vpn.RefusedAttempt{Endpoint: c.Endpoint.ID, Device: netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)}), 4000), Username: userName(i), Code: vpn.CodeUserCredentials, Reason: "The password is wrong.", User: ref}
			for _, err := range []error{
				tx.CreateAttempt(ctx, refused, at),
				tx.CreateProfileDownload(ctx, vpn.ProfileDownload{Endpoint: c.Endpoint.ID, Revision: "of-before", By: userName(i), User: ref, At: at}),
			} {
				if err != nil {
					return err
				}
			}
		}
		if err := tx.SeeUser(ctx, seen...); err != nil {
			return err
		}
		for some := range slices.Chunk(connections, 500) {
			if err := tx.CreateConnection(ctx, some...); err != nil {
				return err
			}
		}
	}
	return nil
}

// send has the pages answer a request, and gives the answer.
func (c *crowd) send(method, path, cookie string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, controltest.PublicURL+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Cookie", cookie)
	r.RemoteAddr = "198.51.100.7:50000"
	w := httptest.NewRecorder()
	c.pages.ServeHTTP(w, r)
	return w
}

// signIn signs the next of the visitors in, and gives their cookie.
func (c *crowd) signIn(b *testing.B, users int) string {
	b.Helper()
	name := userName(c.signedIn % visitors * users / visitors)
	c.signedIn++
	c.Clock.Pass(time.Second) // each of ten visitors signs in that often
	w := c.send(http.MethodPost, c.Endpoint.ID.PortalPath()+"/sign-in", "", url.Values{"username": {name}, "password": {password.Reveal()}})
	cookies := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || len(cookies) == 0 {
		b.Fatalf("%s is not signed in: %d: %s", name, w.Code, w.Body)
	}
	return cookies[0].Name + "=" + cookies[0].Value
}

func (c *crowd) download(b *testing.B, cookie string) {
	b.Helper()
	c.Clock.Pass(5 * time.Second) // a user gets a file that often
	if w := c.send(http.MethodPost, "/portal"+c.Endpoint.ID.PortalPath()+"/configuration", cookie, nil); w.Code != http.StatusOK {
		b.Fatalf("no file: %d: %s", w.Code, w.Body)
	}
}

// load requests a page over TLS, as a user, and gives how long that took.
func (c *crowd) load(b *testing.B, client *http.Client, path, cookie string) time.Duration {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, c.base+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Cookie", cookie)
	began := time.Now()
	answer, err := client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		b.Fatal(err)
	}
	took := time.Since(began)
	if answer.StatusCode != http.StatusOK {
		b.Fatalf("%s: got %d, want 200", path, answer.StatusCode)
	}
	return took
}

// BenchmarkPortal has 10,000 users with 30,000 connections and 30,000 devices. Of each page it reports the time that the 95th of 100 requests
// takes, with TLS and the browser's side of HTTP (the aim is 20 ms), and the median as a multiple of that with 10 users in the
// same run; and how many sign-ins at a directory that answers at once, and downloads, one processor does in a second, with the
// processor time as a multiple of that with 10 users.
//
// It runs on both databases: -bench 'Portal/postgres' is the one with several nodes.
func BenchmarkPortal(b *testing.B) {
	web.CollectGarbageLessOften() // as the process that serves them
	b.Run("sqlite", func(b *testing.B) { benchPortal(b, newCrowd(b, "", crowdOfFew), newCrowd(b, "", crowdOfMany)) })
	b.Run("postgres", func(b *testing.B) {
		runtime.LockOSThread() // the kernel ends the server together with the thread that started it
		defer runtime.UnlockOSThread()
		server, err := postgrestest.Start()
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(server.Stop)
		benchPortal(b, newCrowd(b, server.Create(b, ""), crowdOfFew), newCrowd(b, server.Create(b, ""), crowdOfMany))
	})
}

func benchPortal(b *testing.B, few, many *crowd) {
	b.Helper()
	for name, path := range map[string]string{
		"entry": "/", "sign-in": many.Endpoint.ID.PortalPath(), "connect": "/portal", "access": "/portal/access", "devices": "/portal/devices",
	} {
		b.Run(name, func(b *testing.B) { comparePages(b, few, many, path) })
	}
	b.Run("sign-ins", func(b *testing.B) {
		compareRates(b, func() { few.signIn(b, crowdOfFew) }, func() { many.signIn(b, crowdOfMany) })
	})
	b.Run("downloads", func(b *testing.B) {
		of := [2]string{few.signIn(b, crowdOfFew), many.signIn(b, crowdOfMany)}
		compareRates(b, func() { few.download(b, of[0]) }, func() { many.download(b, of[1]) })
	})
}

func comparePages(b *testing.B, few, many *crowd, path string) {
	browser := webtest.NewBrowser(b, many.base).Client
	browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	var ofFew, ofMany []string              // cookies
	if strings.HasPrefix(path, "/portal") { // who is signed in is led on from the others
		for range visitors {
			ofFew, ofMany = append(ofFew, few.signIn(b, crowdOfFew)), append(ofMany, many.signIn(b, crowdOfMany))
		}
	} else {
		ofFew, ofMany = make([]string, visitors), make([]string, visitors)
	}
	var short, long []time.Duration
	for b.Loop() {
		for i := range 100 {
			short = append(short, few.load(b, browser, strings.Replace(path, string(many.Endpoint.ID), string(few.Endpoint.ID), 1), ofFew[i%visitors]))
			long = append(long, many.load(b, browser, path, ofMany[i%visitors]))
		}
	}
	slices.Sort(short)
	slices.Sort(long)
	b.ReportMetric(float64(long[len(long)*95/100].Microseconds())/1000, "ms-p95")
	b.ReportMetric(float64(long[len(long)/2].Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(long[len(long)/2])/float64(short[len(short)/2]), "ratio")
	b.ReportMetric(0, "ns/op")
}

// compareRates runs something of a few users and of many in turns.
func compareRates(b *testing.B, few, many func()) {
	const batch = 20
	var short, long time.Duration
	count := 0
	for b.Loop() {
		for _, side := range []struct {
			do   func()
			took *time.Duration
		}{{few, &short}, {many, &long}} {
			before := processorTime(b)
			for range batch {
				side.do()
			}
			*side.took += processorTime(b) - before
		}
		count += batch
	}
	b.ReportMetric(float64(count)/long.Seconds(), "per-s-core")
	b.ReportMetric(float64(long)/float64(short), "ratio")
	b.ReportMetric(0, "ns/op")
}

// processorTime is what this process has needed of the processors: the clock tells what other processes do, too.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
