package web_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/web"
	"sallyport/web/webtest"
)

// While 200 clients at 200 addresses have passwords checked, an administrator signs in from a browser in
// which that was done before. What does not fit the queue is refused with a time to try again.
func TestSignInBesideManyOthers(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t, func(c *web.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	b := s.SignIn(t, webtest.Administrator)
	b.Post("/sign-out", nil).WantStatus(http.StatusSeeOther)

	const clients = 200
	var mu sync.Mutex
	statuses := map[int]int{}
	var flood sync.WaitGroup
	refused := make(chan struct{}, clients)
	for i := range clients {
		flood.Go(func() {
			p := s.Visitor(t).Send(http.MethodPost, "/sign-in", strings.NewReader(webtest.Credentials("admin", "a wrong password").Encode()), http.Header{
				"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"}, "X-Forwarded-For": {fmt.Sprintf("203.0.113.%d", i)},
			})
			if p.Status == http.StatusServiceUnavailable {
				if p.Header.Get("Retry-After") == "" || !strings.Contains(p.Body, "Too many passwords") {
					t.Errorf("refused without a time or a reason: %s", p.Text("main"))
				}
				refused <- struct{}{}
			}
			mu.Lock()
			defer mu.Unlock()
			statuses[p.Status]++
		})
	}
	go func() { flood.Wait(); close(refused) }()
	<-refused // the queue is full, or nothing was refused
	began := time.Now()
	b.Post("/sign-in", webtest.Credentials(webtest.Administrator, webtest.Password)).WantStatus(http.StatusSeeOther)
	if took := time.Since(began); took > 5*time.Second { // 0.1 s where nothing else runs
		t.Errorf("the administrator waited %s", took)
	}
	flood.Wait()
	if statuses[http.StatusUnprocessableEntity]+statuses[http.StatusServiceUnavailable] != clients || statuses[http.StatusUnprocessableEntity] < 20 {
		t.Errorf("got %v, want some checked and the others refused for now", statuses)
	}
}
