package lab

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"sallyport/lab/netlab"
	"sallyport/vpn"
)

// farNetwork has hosts at all its addresses: the first quarter behind host A, the last nowhere, the others at the internet.
var farNetwork = netip.MustParsePrefix("172.20.0.0/16")

// accessLab is a site with random rules and routes to farNetwork.
type accessLab struct {
	*passwordSite
	random       *rand.Rand
	destinations []netip.Prefix // of rules and routes
}

// newAccessLab adds the rules and routes. A site has two target networks, whose routes differ.
func newAccessLab(t *testing.T, s *passwordSite) *accessLab {
	t.Helper()
	const seed = 1511
	l := &accessLab{passwordSite: s, random: rand.New(rand.NewPCG(seed, seed))} //nolint:gosec // a test repeats itself
	s.internet.IP(t, "route", "add", "local", farNetwork.String(), "dev", "lo")
	s.hostA.IP(t, "route", "add", "local", farNetwork.String(), "dev", "lo")
	s.gatewayHost.IP(t, "route", "add", "172.20.0.0/18", "via", addrHostA)
	s.gatewayHost.IP(t, "route", "add", "unreachable", "172.20.192.0/18")
	s.gatewayHost.Serve(t, netlab.EchoPort)
	l.Associate("subnet-b")
	l.AddRoute(farNetwork.String(), "subnet-a")
	l.Authorize(farNetwork.String())
	l.Authorize("10.0.2.1/32") // the gateway itself
	l.settle()
	for i := range 4 {
		l.AddRoute(l.prefix().String(), []string{"subnet-b", "subnet-a"}[min(i/3, 1)])
	}
	l.settle()
	known := map[string]bool{}
	for len(known) < 14 {
		p, group := l.prefix().String(), []string{"", "engineers", "staff", "sales"}[l.random.IntN(4)]
		if known[p+group] {
			continue
		}
		known[p+group] = true
		if group == "" {
			l.Authorize(p)
		} else {
			l.authorizeGroup(t, p, group)
		}
		if len(known)%5 == 0 { // an endpoint bears few changes that are not in effect
			l.settle()
		}
	}
	l.settle()
	return l
}

// settle waits until every rule and route is in effect.
func (l *accessLab) settle() {
	l.T.Helper()
	l.WaitNoText("/rules?size=200", "◐")
	l.WaitNoText("/routes?size=200", "◐")
}

// prefix is a random part of farNetwork. There are few distinct leading bits, so that destinations nest and repeat.
func (l *accessLab) prefix() netip.Prefix {
	a := netip.AddrFrom4([4]byte{172, 20, byte(l.random.IntN(4) << 6), byte(l.random.IntN(4) << 6)})
	p := netip.PrefixFrom(a, 17+l.random.IntN(12)).Masked()
	l.destinations = append(l.destinations, p)
	return p
}

// address is one at the border of a destination, or any.
func (l *accessLab) address() netip.Addr {
	p := l.destinations[l.random.IntN(len(l.destinations))]
	switch l.random.IntN(5) {
	case 0:
		return p.Addr()
	case 1:
		return vpn.LastAddr(p)
	case 2:
		return vpn.LastAddr(p).Next()
	case 3:
		return p.Addr().Prev()
	}
	return netip.AddrFrom4([4]byte{172, 20, byte(l.random.IntN(256)), byte(l.random.IntN(256))})
}

// accessCase is a question about a user, with the answer of the console.
type accessCase struct {
	user, to, verdict, why string
}

// ask asks the console n questions about each user, after those about some addresses of the hosts and the gateway.
func (l *accessLab) ask(n int, users ...string) (out []accessCase) {
	l.T.Helper()
	for _, user := range users {
		addresses := []string{addrHostA, addrHostB, "10.0.1.1", "10.0.2.1", "10.0.2.77"}
		for len(addresses) < n {
			addresses = append(addresses, l.address().String())
		}
		for _, to := range addresses {
			answer := l.Get(l.Endpoint + "/test-access?destination=" + to + "&user=" + user).Doc.Find("#answer")
			out = append(out, accessCase{user, to, answer.AttrOr("data-verdict", "no answer"), strings.Join(strings.Fields(answer.Find(".alert").Text()), " ")})
		}
	}
	return out
}

// compare sends packets for each question, and wants what the console has answered.
func (l *accessLab) compare(t *testing.T, cases []accessCase, clients map[string]*netlab.Client) {
	t.Helper()
	count := map[string]int{}
	wrong := make([]string, len(cases))
	var probes sync.WaitGroup
	slots := make(chan struct{}, 24)
	for i, c := range cases {
		count[c.verdict]++
		probes.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			on, passes := clients[c.user].On, false
			if c.verdict == "Allowed" {
				passes = on.ReachesTCP(c.to, netlab.EchoPort)
			} else {
				passes = on.AnswersTCP(c.to, netlab.EchoPort) || on.AnswersUDP(c.to, netlab.EchoPort)
			}
			if passes != (c.verdict == "Allowed") {
				wrong[i] = fmt.Sprintf("%s to %s: packets pass: %v; the console says: %s (%s)", c.user, c.to, passes, c.verdict, c.why)
			}
		})
	}
	probes.Wait()
	for _, w := range slices.DeleteFunc(wrong, func(w string) bool { return w == "" }) {
		t.Error(w)
	}
	if allowed := count["Allowed"]; allowed < 40 || len(cases)-allowed < 40 || count["no answer"] > 0 || count["Depends on the target network"] > 0 {
		t.Errorf("too few of one kind, or no answer: %v", count)
	}
	t.Logf("%d questions: %v", len(cases), count)
}
