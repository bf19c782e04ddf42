package ovpn

import (
	"net/netip"
	"strings"
)

// The log lines by which a worker tells that a client left: of clients since 2.6, and of older ones.
var goodbyes = []string{" CC-EEN exit message received by peer", " OCC exit message received by peer"}

// ParseGoodbye finds the client that left in a log line: "common name/address:port text", without the common name where
// clients need no certificate. Other lines
// may end with text that a client sent, so the caller compares both the name and the address.
func ParseGoodbye(text string) (Goodbye, bool) {
	for _, line := range goodbyes {
		client, ok := strings.CutSuffix(text, line)
		if !ok {
			continue
		}
		commonName, peer, ok := cutPeer(client)
		return Goodbye{CommonName: commonName, Peer: peer}, ok
	}
	return Goodbye{}, false
}

// cutPeer reads how a log line names a client.
func cutPeer(client string) (commonName string, peer netip.AddrPort, ok bool) {
	at := strings.LastIndexByte(client, '/')
	peer, err := netip.ParseAddrPort(client[at+1:])
	return client[:max(at, 0)], peer, err == nil
}
