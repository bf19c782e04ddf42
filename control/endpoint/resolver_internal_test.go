package endpoint

import (
	"net/netip"
	"slices"
	"testing"
)

// The host's own address is that by which it reaches the internet, whatever the order of its interfaces.
func TestOwnAddress(t *testing.T) {
	t.Parallel()
	ip := netip.MustParseAddr
	addrs := []netip.Addr{ip("127.0.0.1"), ip("169.254.1.1"), ip("198.51.100.1"), ip("203.0.113.2")}
	for name, c := range map[string]struct {
		source netip.Addr
		addrs  []netip.Addr
		want   netip.Addr
	}{
		"the outer address":    {ip("203.0.113.2"), addrs, ip("203.0.113.2")},
		"no default route":     {netip.Addr{}, addrs, ip("198.51.100.1")},
		"by loopback":          {ip("127.0.0.1"), addrs, ip("198.51.100.1")},
		"gone meanwhile":       {ip("203.0.113.9"), addrs, ip("198.51.100.1")},
		"no address but of lo": {netip.Addr{}, addrs[:2], netip.Addr{}},
	} {
		if got := chooseOwnAddress(c.source, c.addrs); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
	own, err := SystemResolver{}.HostAddresses()
	if source := sourceOutside(); source.IsValid() && (err != nil || !slices.Contains(own, source)) {
		t.Errorf("packets leave from %s, which is none of %v: %v", source, own, err)
	}
}
