package lab

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// While 200 clients have wrong passwords checked at the console without end, VPN clients log in as ever. The console listens on
// the IPv6 loopback address alone: set-up link, pages and forms work there.
func TestLoginsBesideAPasswordFlood(t *testing.T) {
	t.Parallel()
	s := newSite(t, 4, "SALLYPORT_CONSOLE_LISTEN=[::1]:8443", "SALLYPORT_TRUSTED_PROXIES=::1/128")
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.WaitText("", "available")
	profile := s.Profile("alice")

	var checked, refused atomic.Int64
	stop := make(chan struct{})
	var flood sync.WaitGroup
	end := sync.OnceFunc(func() { close(stop); flood.Wait() })
	defer end()
	for i := range 200 {
		from := http.Header{"X-Forwarded-For": {fmt.Sprintf("203.0.113.%d", i)}, "Sec-Fetch-Site": {"same-origin"}}
		flood.Go(func() {
			again := time.NewTicker(500 * time.Millisecond)
			defer again.Stop()
			for {
				status, err := s.Console.Post("/sign-in", url.Values{"username": {"admin"}, "password": {"a wrong password"}}, from)
				switch {
				case err != nil:
					t.Error(err)
					return
				case status == http.StatusServiceUnavailable:
					refused.Add(1)
				case status == http.StatusUnprocessableEntity:
					checked.Add(1)
				}
				select {
				case <-again.C:
				case <-stop:
					return
				}
			}
		})
	}
	netlab.Eventually(t, 30*time.Second, "the queue of passwords is full", func() bool { return refused.Load() > 200 })
	for _, host := range s.clients {
		began := time.Now()
		netlab.ConnectClient(t, host, profile)
		if took := time.Since(began); took > 10*time.Second { // 0.3 s where nothing else runs
			t.Errorf("a login took %s", took)
		} else {
			t.Logf("a login took %s", took.Round(10*time.Millisecond))
		}
	}
	end()
	if checked.Load() == 0 || refused.Load() == 0 {
		t.Errorf("%d passwords were checked, %d refused for now; want both", checked.Load(), refused.Load())
	}
	t.Logf("%d passwords were checked, %d refused for now", checked.Load(), refused.Load())
}
