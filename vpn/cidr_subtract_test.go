package vpn

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

// What is left after holes were cut out: every address of the whole outside every hole, no other,
// none twice.
func TestSubtractLeavesTheRest(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	whole := netip.MustParsePrefix("10.0.0.0/22")
	random := func(least int) netip.Prefix {
		b := whole.Addr().As4()
		b[2], b[3] = byte(rng.IntN(8)), byte(rng.IntN(256))
		return netip.PrefixFrom(netip.AddrFrom4(b), least+rng.IntN(33-least)).Masked()
	}
	for range 300 {
		p := random(22)
		var holes []netip.Prefix
		for range rng.IntN(5) {
			holes = append(holes, random(23))
		}
		times := map[netip.Addr]int{}
		for _, q := range Subtract(p, holes) {
			if q != q.Masked() {
				t.Fatalf("%s is no network", q)
			}
			for a := q.Addr(); q.Contains(a); a = a.Next() {
				times[a]++
			}
		}
		for a := p.Addr(); p.Contains(a); a = a.Next() {
			want := 1
			for _, h := range holes {
				if h.Contains(a) {
					want = 0
				}
			}
			if times[a] != want {
				t.Fatalf("%s minus %v has %s %d times, want %d", p, holes, a, times[a], want)
			}
			delete(times, a)
		}
		if len(times) > 0 {
			t.Fatalf("%s minus %v has addresses of neither: %v", p, holes, times)
		}
	}
}
