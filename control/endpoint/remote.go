package endpoint

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"sallyport/control"
	"sallyport/vpn"
)

// Resolver looks up names and knows this host's addresses.
type Resolver interface {
	Lookup(ctx context.Context, name string) ([]netip.Addr, error)
	HostAddresses() ([]netip.Addr, error)
}

// remote is the name that the endpoint's profiles have, and a sentence on what is wrong with it; "" where
// nothing is.
func (s *Service) remote(ctx context.Context, d vpn.Deployment, e vpn.Endpoint) (name, warning string) {
	if name, warning = d.RemoteName(e, s.settings.FallbackAddress); warning == "" {
		warning = s.names.check(ctx, name)
	}
	return name, warning
}

const (
	nameCheckLife = time.Minute
	nameCheckWait = time.Second // the longest that a page waits for a name server
)

// nameChecker keeps the answers of name servers for nameCheckLife, so that pages stay fast.
type nameChecker struct {
	resolver Resolver
	now      func() time.Time

	mu      sync.Mutex // guards answers
	answers map[string]nameAnswer
}

type nameAnswer struct {
	at      time.Time
	addrs   []netip.Addr
	failure string
}

func newNameChecker(r Resolver, now func() time.Time) *nameChecker {
	return &nameChecker{resolver: r, now: now, answers: map[string]nameAnswer{}}
}

// check tells why clients may not reach this host by the name; "" where they can.
func (c *nameChecker) check(ctx context.Context, name string) string {
	if c.resolver == nil {
		return ""
	}
	addrs := c.lookup(ctx, name)
	if addrs.failure != "" {
		return fmt.Sprintf("%s cannot be resolved from here: %s.", name, addrs.failure)
	}
	own, err := c.resolver.HostAddresses()
	if err != nil {
		return ""
	}
	for _, a := range addrs.addrs {
		for _, o := range own {
			if a == o {
				return ""
			}
		}
	}
	return fmt.Sprintf("%s resolves to %s, which is not an address of this host. That is right where a router forwards the VPN port to this host; otherwise clients will not arrive.", name, joinAddrs(addrs.addrs))
}

// wildcard tells whether a lookup proves that any label before the name resolves.
// remote-random-hostname in a profile needs that.
func (c *nameChecker) wildcard(ctx context.Context, name string) bool {
	if c.resolver == nil || name == "" {
		return false
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return false
	}
	answer := c.lookup(ctx, "sallyport-wildcard-check."+name)
	return answer.failure == "" && len(answer.addrs) > 0
}

func (c *nameChecker) lookup(ctx context.Context, name string) nameAnswer {
	if a, err := netip.ParseAddr(name); err == nil {
		return nameAnswer{addrs: []netip.Addr{a}}
	}
	c.mu.Lock()
	known, ok := c.answers[name]
	c.mu.Unlock()
	if ok && control.IsYoung(known.at, c.now(), nameCheckLife) {
		return known
	}
	wait, cancel := context.WithTimeout(ctx, nameCheckWait)
	defer cancel()
	addrs, err := c.resolver.Lookup(wait, name)
	answer := nameAnswer{at: c.now(), addrs: addrs}
	if err != nil {
		answer.failure = "the name servers know no address for it"
		if wait.Err() != nil {
			answer.failure = "the name servers did not answer in time"
		}
	}
	if ctx.Err() != nil {
		return answer // the caller gave up: the answer tells nothing about the name
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers[name] = answer
	return answer
}

func joinAddrs(addrs []netip.Addr) string {
	words := make([]string, len(addrs))
	for i, a := range addrs {
		words[i] = a.String()
	}
	return strings.Join(words, ", ")
}
