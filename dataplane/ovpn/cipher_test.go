package ovpn

import (
	"net/netip"
	"strings"
	"testing"
)

// The lines of clients of 2.4 without cipher negotiation are recorded.
func TestCipherFailure(t *testing.T) {
	t.Parallel()
	const ours = "PUSH: No common cipher between server and client. Server data-ciphers: 'AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305', client "
	for line, want := range map[string]string{
		"carol/192.0.2.104:56715 " + ours + "supports cipher 'AES-256-CBC'":                                          "carol",
		"kiosk (2nd/3rd floor)/192.0.2.104:56715 PUSH: No NCP or OCC cipher data received from peer.":                "kiosk (2nd/3rd floor)",
		"carol/192.0.2.104:56715 " + ours + "supports cipher 'x/192.0.2.9:1 PUSH: No common cipher between server '": "carol",
		"carol/192.0.2.104:56715 PUSH: client wants to negotiate cipher (NCP), but":                                  "",
		"192.0.2.104:56715 " + ours: unnamed,
		"carol/192.0.2.104 " + ours: "",
	} {
		got, ok := ParseCipherFailure(line)
		if ok != (want != "") || ok && (got.CommonName != strings.TrimSuffix(want, unnamed) || got.Peer != netip.MustParseAddrPort("192.0.2.104:56715")) {
			t.Errorf("%s: %+v, %v", line, got, ok)
		}
	}
}
