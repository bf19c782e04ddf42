package signin_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/handlers/portal"
	"sallyport/saml/samltest"
	"sallyport/vpn"
	"sallyport/web"
)

// BenchmarkAnswers has the public pages take answers of users with 10 groups, each of another login. The aim is 300 a second
// and core. The ratio is to the judgement of the same answers without pages and database.
func BenchmarkAnswers(b *testing.B) {
	web.CollectGarbageLessOften() // as the process that serves them
	s := controltest.NewSite(b)
	idp := newIDP(b, s.Kit)
	s.AskIDP(idp.Metadata())
	base, _ := url.Parse(controltest.PublicURL) // a constant
	pages := web.NewPublic(web.PublicConfig{Services: portal.Services{Core: s.Core, SignIns: s.SignIns, Branding: s.Branding}, Log: s.Core.Log, Now: s.Clock.Now, URL: base, Loopback: true})
	var groups []string
	for i := range 10 {
		groups = append(groups, fmt.Sprintf("CN=group %d,OU=Groups,DC=corp,DC=example,DC=test", i))
	}
	by := controltest.NewBrowser("198.51.100.7")
	n := 0
	asked := func() (form url.Values, id string) {
		n++
		login := *s.Login("")
		login.ID, login.SSO = fmt.Sprint("login-", n), []string{"webauth"}
		v, err := s.SignIns.Begin(b.Context(), s.Endpoint.SAML, login, "node-1")
		s.Must(err)
		redirect, err := s.SignIns.Request(b.Context(), v.Token, by)
		s.Must(err)
		request, err := samltest.ReadRequest(redirect)
		s.Must(err)
		a := request.Answer(fmt.Sprintf("user-%d@example.test", n), groups...)
		a.Sign = samltest.SignBoth
		form = idp.Form(a)
		form.Set("RelayState", request.RelayState)
		return form, request.ID
	}
	const batch = 100
	var judged, taken time.Duration
	answers := 0
	for b.Loop() {
		forms, ids := make([]url.Values, batch), make([]string, batch)
		for i := range forms {
			forms[i], ids[i] = asked()
		}
		judged += processorTime(b, func() {
			for i, form := range forms {
				_, _, err := s.Identity.AcceptSAML(b.Context(), s.Endpoint.SAML, form, ids[i])
				s.Must(err)
			}
		})
		taken += processorTime(b, func() {
			for _, form := range forms {
				r := httptest.NewRequest(http.MethodPost, controltest.PublicURL+"/saml/"+string(s.Endpoint.SAML)+"/acs", strings.NewReader(form.Encode()))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Sec-Fetch-Site", "cross-site")
				r.AddCookie(&http.Cookie{Name: "__Host-sallyport-login", Value: by.Cookie.Reveal()})
				r.RemoteAddr = "198.51.100.7:50000"
				w := httptest.NewRecorder()
				pages.ServeHTTP(w, r)
				if w.Code != http.StatusSeeOther {
					b.Fatalf("got %d: %s", w.Code, w.Body)
				}
			}
		})
		answers += batch
	}
	if got := len(s.Query("SELECT id FROM browser_sign_in WHERE state = '" + string(vpn.BrowserSignedIn) + "'")); got != answers {
		b.Fatalf("%d of %d persons are signed in", got, answers)
	}
	b.ReportMetric(float64(answers)/taken.Seconds(), "sign-ins/s/core")
	b.ReportMetric(float64(taken)/float64(judged), "x-judgement")
	b.ReportMetric(0, "ns/op")
}

// processorTime is what f needs of the processors: the clock tells what other processes do, too.
func processorTime(b *testing.B, f func()) time.Duration {
	b.Helper()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	f()
	return used() - before
}
