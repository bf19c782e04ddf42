package ovpn

import (
	"net/netip"
	"testing"
)

func TestUnreadable(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"u5/192.0.2.106:47872 IP packet with unknown IP version=0 seen":                          "u5",
		"a/b/192.0.2.106:47872 IP packet with unknown IP version=15 seen":                        "a/b",
		"192.0.2.106:47872 IP packet with unknown IP version=0 seen":                             "",
		"192.0.2.9:1 VERIFY OK: CN=x/192.0.2.106:47872 IP packet with unknown IP version=0 seen": "192.0.2.9:1 VERIFY OK: CN=x",
	} {
		got, ok := ParseUnreadable(line)
		if !ok || got.CommonName != want || got.Peer != netip.MustParseAddrPort("192.0.2.106:47872") {
			t.Errorf("%s: %+v, %v", line, got, ok)
		}
	}
	for _, line := range []string{"", " seen", "u5/192.0.2.106 IP packet with unknown IP version=0 seen", "u5/192.0.2.106:1 IP packet with unknown IP version=0"} {
		if got, ok := ParseUnreadable(line); ok {
			t.Errorf("%s: %+v", line, got)
		}
	}
}
