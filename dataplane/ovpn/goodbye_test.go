package ovpn

import (
	"net/netip"
	"strings"
	"testing"
)

// unnamed stands for a client that needs no certificate.
const unnamed = "-"

func TestGoodbye(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"cli/192.0.2.2:56749 CC-EEN exit message received by peer":                       "cli",
		"kiosk (2nd/3rd floor)/192.0.2.2:56749 OCC exit message received by peer":        "kiosk (2nd/3rd floor)",
		"cli/192.0.2.2:56749 [cli] Inactivity timeout (--ping-restart), restarting":      "",
		"192.0.2.2:56749 CC-EEN exit message received by peer":                           unnamed,
		"cli/192.0.2.2 CC-EEN exit message received by peer":                             "",
		"cli/192.0.2.2:1 VERIFY cli/192.0.2.2:56749 CC-EEN exit message received by pee": "",
	} {
		got, ok := ParseGoodbye(line)
		if ok != (want != "") || ok && (got.CommonName != strings.TrimSuffix(want, unnamed) || got.Peer != netip.MustParseAddrPort("192.0.2.2:56749")) {
			t.Errorf("%s: %+v, %v", line, got, ok)
		}
	}
}
