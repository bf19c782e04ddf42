package session

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"sallyport/vpn"
)

var (
	smallest = netip.MustParsePrefix("10.20.0.0/22")
	noon     = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
)

// clock is set by hand.
type clock struct{ at time.Time }

func (c *clock) now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

func TestPoolGivesTheLeastRecentlyUsed(t *testing.T) {
	t.Parallel()
	c := &clock{noon}
	p := NewPool(smallest, []int{5}, c.now)
	var all []netip.Addr
	for {
		a, ok := p.Take(netip.Addr{})
		if !ok {
			break
		}
		all = append(all, a)
	}
	if len(all) != 16 {
		t.Fatalf("block 5 of a /22 gave %d addresses, want 16", len(all))
	}
	p.Release(all[3])
	c.advance(time.Second)
	p.Release(all[1])
	p.Release(all[1]) // released twice counts once
	if a, ok := p.Take(netip.Addr{}); ok {
		t.Errorf("%s was given out again without a cooldown", a)
	}
	c.advance(AddressCooldown - time.Second)
	if a, ok := p.Take(netip.Addr{}); !ok || a != all[3] {
		t.Errorf("got %s, want %s: it was released first", a, all[3])
	}
	if a, ok := p.Take(netip.Addr{}); ok {
		t.Errorf("%s was given out a second early", a)
	}
	c.advance(time.Second)
	if a, ok := p.Take(netip.Addr{}); !ok || a != all[1] {
		t.Errorf("got %s, want %s", a, all[1])
	}
	if a, ok := p.Take(netip.Addr{}); ok {
		t.Errorf("%s has two holders", a)
	}
}

func TestPoolLeavesOutWhatNoClientMayHave(t *testing.T) {
	t.Parallel()
	p := NewPool(smallest, vpn.AllBlocks(), time.Now)
	n := 0
	for a, ok := p.Take(netip.Addr{}); ok; a, ok = p.Take(netip.Addr{}) {
		if !vpn.Assignable(smallest, a) {
			t.Errorf("%s was given out", a)
		}
		n++
	}
	if want := int(vpn.ClientCapacity(smallest)); n != want {
		t.Errorf("a /22 gave %d addresses, want %d", n, want)
	}
	if _, ok := NewPool(smallest, nil, time.Now).Take(netip.Addr{}); ok {
		t.Error("a pool without blocks gave an address")
	}
}

func TestPoolHoldsWhatTheJournalHas(t *testing.T) {
	t.Parallel()
	p := NewPool(smallest, vpn.AllBlocks(), time.Now)
	first := netip.MustParseAddr("10.20.0.2")
	if !p.Hold(first) || p.Hold(first) {
		t.Error("an address has one holder: the first hold is good, the second is not")
	}
	for _, bad := range []string{"10.20.0.0", "10.20.0.1", "10.20.3.255", "10.21.0.5"} {
		if p.Hold(netip.MustParseAddr(bad)) {
			t.Errorf("%s is held, and no client may have it", bad)
		}
	}
	if a, _ := p.Take(netip.Addr{}); a == first {
		t.Errorf("%s has two holders", a)
	}
}

// However addresses are taken, released and held and blocks moved: no address has two holders, or
// is given out less than AddressCooldown after its release.
func TestPoolNeverHasTwoHolders(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		c := &clock{noon}
		p := NewPool(smallest, []int{0, 1}, c.now)
		holders := map[netip.Addr]bool{}
		left := map[netip.Addr]time.Time{}
		for range 4000 {
			switch n := rng.IntN(100); {
			case n < 50:
				a, ok := p.Take(netip.Addr{})
				if !ok {
					continue
				}
				if holders[a] {
					t.Fatalf("seed %d: %s has two holders", seed, a)
				}
				if at, used := left[a]; used && c.at.Sub(at) < AddressCooldown {
					t.Fatalf("seed %d: %s cooled down for %s", seed, a, c.at.Sub(at))
				}
				holders[a] = true
			case n < 90:
				for a := range holders {
					delete(holders, a)
					left[a] = c.at
					p.Release(a)
					break
				}
			case n < 95:
				c.advance(time.Duration(rng.IntN(6)) * time.Second)
			case n < 97:
				p.Assign([]int{rng.IntN(4), 4 + rng.IntN(4)})
			default:
				p.Release(netip.MustParseAddr("10.20.3.3")) // no session holds it
			}
		}
	}
}

// The wanted address is given where it is free: never used, or cooled down. Another one is given where it is not.
func TestPoolGivesTheWantedAddress(t *testing.T) {
	t.Parallel()
	c := &clock{noon}
	p := NewPool(smallest, []int{5}, c.now)
	first, ok := p.Take(netip.Addr{})
	wanted := first.Next().Next().Next()
	if a, _ := p.Take(wanted); !ok || a != wanted {
		t.Fatalf("got %s, want %s", a, wanted)
	}
	for what, a := range map[string]netip.Addr{"held": wanted, "of another block": smallest.Addr().Next().Next(), "of another range": netip.MustParseAddr("192.0.2.1")} {
		if got, ok := p.Take(a); !ok || got == a {
			t.Errorf("an address that is %s: %s, %v", what, got, ok)
		}
	}
	p.Release(wanted)
	if a, ok := p.Take(wanted); !ok || a == wanted {
		t.Errorf("%s was given out again without a cooldown", a)
	}
	c.advance(AddressCooldown)
	if a, _ := p.Take(wanted); a != wanted {
		t.Errorf("got %s, want %s", a, wanted)
	}
	seen := map[netip.Addr]bool{}
	for a, ok := p.Take(netip.Addr{}); ok; a, ok = p.Take(netip.Addr{}) {
		if seen[a] || a == wanted || a == first {
			t.Errorf("%s has two holders", a)
		}
		seen[a] = true
	}
	if len(seen) != 16-6 {
		t.Errorf("%d addresses were left, want 10", len(seen))
	}
}
