package vpn

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// MaxWaitingLogins bounds the logins of an endpoint that wait at once, in whichever way.
const MaxWaitingLogins = 5000

// BrowserPlaces is how many logins of an endpoint with a client CIDR may wait for sign-ins in a browser: they wait for minutes,
// and clients that return by token must always find a place.
func BrowserPlaces(client netip.Prefix) int {
	return min(MaxWaitingLogins, 1<<(32-client.Bits())) / 2
}

// BrowserRoom is from how many waiting logins on one gives way for each that comes, so that a new one finds a place.
func BrowserRoom(client netip.Prefix) int { return BrowserPlaces(client) * 7 / 8 }

// BrowserWaiter is a login that waits for a sign-in in a browser.
type BrowserWaiter struct {
	Login  string
	From   netip.Addr
	Since  time.Time
	Opened bool // its person has gone on to the identity provider
}

// network is what addresses have in common that one attacker can easily have: an IPv4 /24, an IPv6 /56.
func (w BrowserWaiter) network() netip.Prefix {
	from := w.From.Unmap().WithZone("")
	if from.Is4() {
		return netip.PrefixFrom(from, 24).Masked()
	}
	return netip.PrefixFrom(from, 56).Masked()
}

// GivesWay is the login that gives way where more than room wait: of the network that has most of them, the one that has
// waited longest and whose person has not opened it. Where all of that network are opened, the next one is looked at. False:
// none gives way.
func GivesWay(waiting []BrowserWaiter, room int) (login string, ok bool) {
	if len(waiting) <= room {
		return "", false
	}
	type placed struct {
		BrowserWaiter
		network netip.Prefix
	}
	share := map[netip.Prefix]int{}
	var unopened []placed
	for _, w := range waiting {
		network := w.network()
		share[network]++
		if !w.Opened {
			unopened = append(unopened, placed{w, network})
		}
	}
	if len(unopened) == 0 {
		return "", false
	}
	first := slices.MinFunc(unopened, func(a, b placed) int {
		return cmp.Or(share[b.network]-share[a.network], a.network.Compare(b.network), a.Since.Compare(b.Since), cmp.Compare(a.Login, b.Login))
	})
	return first.Login, true
}
