package vpn

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func TestGivesWay(t *testing.T) {
	t.Parallel()
	at := time.Unix(1000, 0)
	w := func(login, from string, age int, opened bool) BrowserWaiter {
		return BrowserWaiter{login, netip.MustParseAddr(from), at.Add(-time.Duration(age) * time.Second), opened}
	}
	office := []BrowserWaiter{w("a", "192.0.2.1", 9, true), w("b", "192.0.2.200", 5, false), w("c", "192.0.2.3", 7, false)}
	for name, c := range map[string]struct {
		waiting []BrowserWaiter
		room    int
		want    string
	}{
		"there is room":                      {office, 3, ""},
		"the oldest that is not opened":      {office, 2, "c"},
		"of the network with most":           {append([]BrowserWaiter{w("old", "198.51.100.1", 99, false)}, office...), 3, "c"},
		"of the next network":                {[]BrowserWaiter{w("a", "192.0.2.1", 9, true), w("b", "192.0.2.2", 9, true), w("c", "198.51.100.1", 1, false)}, 2, "c"},
		"all are opened":                     {office[:1], 0, ""},
		"an IPv4 address in IPv6 is IPv4":    {[]BrowserWaiter{w("a", "::ffff:192.0.2.1", 1, false), w("b", "192.0.2.2", 2, false), w("c", "198.51.100.1", 9, false)}, 2, "b"},
		"an IPv6 /56 is one, another is not": {[]BrowserWaiter{w("a", "2001:db8:0:1::1", 1, false), w("b", "2001:db8:0:ff::1", 2, false), w("c", "2001:db8:0:100::1", 9, false)}, 2, "b"},
	} {
		if got, ok := GivesWay(c.waiting, c.room); got != c.want || ok != (c.want != "") {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// Eight networks that send logins as fast as they are let in keep no person away: each person of another network gets a place,
// keeps it while they have not opened the page, and while they sign in.
func TestFloodOfSignInsLeavesRoom(t *testing.T) {
	t.Parallel()
	cidr := netip.MustParsePrefix("10.0.0.0/22")
	places, room := BrowserPlaces(cidr), BrowserRoom(cidr)
	now := time.Unix(1000, 0)
	waiting := map[string]BrowserWaiter{}
	n := 0
	enter := func(from netip.Addr) (string, bool) {
		if here := countOf(waiting, from); len(waiting) >= places || here >= places/8 { // as the dataplane does
			return "", false
		}
		n++
		login := fmt.Sprint("login-", n)
		waiting[login] = BrowserWaiter{Login: login, From: from, Since: now}
		all := make([]BrowserWaiter, 0, len(waiting))
		for _, w := range waiting {
			all = append(all, w)
		}
		if out, ok := GivesWay(all, room); ok {
			delete(waiting, out)
		}
		return login, true
	}
	people := map[string]time.Time{}
	for second := range 100 {
		now = now.Add(time.Second)
		for i := range 8 { // each as many as it can
			for range 8 {
				enter(netip.AddrFrom4([4]byte{198, 51, byte(i), 7}))
			}
		}
		if second%5 == 0 {
			login, ok := enter(netip.AddrFrom4([4]byte{192, 0, byte(second), 1}))
			if !ok {
				t.Fatalf("second %d: a person finds no place beside %d", second, len(waiting))
			}
			people[login] = now
		}
		for login, since := range people {
			w, waits := waiting[login]
			switch age := now.Sub(since); {
			case !waits:
				t.Fatalf("second %d: the place of a person was taken after %s", second, age)
			case age >= 60*time.Second:
				delete(waiting, login)
				delete(people, login)
			case age >= 20*time.Second:
				w.Opened = true
				waiting[login] = w
			}
		}
	}
	if len(waiting) > places {
		t.Errorf("%d wait", len(waiting))
	}
}

func countOf(waiting map[string]BrowserWaiter, from netip.Addr) (n int) {
	for _, w := range waiting {
		if w.From == from {
			n++
		}
	}
	return n
}
