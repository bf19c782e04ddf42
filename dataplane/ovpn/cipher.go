package ovpn

import (
	"strings"
)

// The log lines by which a worker tells that it agrees on no data cipher with a client that was admitted. It
// tells this client by AUTH_FAILED, and reports it as established nevertheless.
var cipherFailures = []string{" PUSH: No common cipher between server and client.", " PUSH: No NCP or OCC cipher data received from peer."}

// ParseCipherFailure finds the client of such a line: "common name/address:port PUSH: …". What follows is
// text of the client.
func ParseCipherFailure(text string) (CipherFailure, bool) {
	for _, line := range cipherFailures {
		client, _, ok := strings.Cut(text, line)
		if !ok {
			continue
		}
		commonName, peer, ok := cutPeer(client)
		return CipherFailure{CommonName: commonName, Peer: peer}, ok
	}
	return CipherFailure{}, false
}
