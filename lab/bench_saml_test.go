package lab

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"sallyport/lab/idp"
	"sallyport/lab/netlab"
)

// Fifty people sign in in the browser, five a second, at an identity provider, while an established client pings a host behind
// the gateway: the 99th percentile of its round trips, as a multiple of that without sign-ins. The gateway has one processor for
// itself; identity provider, browsers and clients, which are elsewhere in truth, have the other. A worker does nothing else
// while it does its part of a handshake, some 2 ms twice for each client: the people, whose clients have one address, are at
// one worker, and the result is lower where the established client happens to be at another.
func BenchmarkSAMLSignIns(b *testing.B) {
	var users []idp.User
	for i := range slowUsers + 1 {
		users = append(users, idp.User{Name: fmt.Sprint("user", i)})
	}
	p := twoProcessors(b)
	s := newFederatedSite(b, 2, idp.Options{Users: users}, "SALLYPORT_CONNECTIONS_PER_CERTIFICATE=0")
	s.Authorize("10.0.1.0/24")
	profile := s.commandLine()
	pinging := s.clients[0]
	p.placeGateway(b, s.site)
	p.first(b, s.connect(b, pinging, profile, "user0"))
	netlab.Eventually(b, 20*time.Second, "the client reaches the host", func() bool { return pinging.Reaches(addrHostA, netlab.EchoPort) })

	idle := quantile(pingTimes(b, pinging, addrHostA, int(slowIdle/time.Second)*pingsSecond), 0.99)
	var measured []float64
	var running sync.WaitGroup
	running.Go(func() {
		measured = pingTimes(b, pinging, addrHostA, int(time.Duration(slowUsers)*slowEvery/time.Second)*pingsSecond)
	})
	next := time.NewTicker(slowEvery)
	defer next.Stop()
	clients := make([]*netlab.Client, slowUsers)
	for i := range clients {
		clients[i] = netlab.StartClient(b, s.clients[1], profile+fmt.Sprintf("\ndev load%d\ndev-type tun\nifconfig-noexec\nroute-noexec\ndisable-dco\n", i))
		running.Go(func() {
			confirm(b, signIn(b, person(s.clients[1]), link(b, clients[i], 1), fmt.Sprint("user", i+1)))
		})
		<-next.C
	}
	running.Wait()
	for _, c := range clients {
		c.WaitUp(b, 1)
	}
	busy := quantile(measured, 0.99)
	b.ReportMetric(busy/idle, "ratio")
	b.Logf("p99 without sign-ins %.2f ms, with sign-ins %.2f ms; p50 with sign-ins %.2f ms", idle, busy, median(measured))
}
