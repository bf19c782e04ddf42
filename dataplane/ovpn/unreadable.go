package ovpn

import "strings"

// ParseUnreadable finds the client of a log line about one of its packets: "common name/address:port IP packet …". As with
// ParseGoodbye the caller compares both the name and the address.
func ParseUnreadable(text string) (Unreadable, bool) {
	client, ok := strings.CutSuffix(text, " seen")
	at := strings.LastIndex(client, " IP packet with unknown IP version=")
	if !ok || at < 0 {
		return Unreadable{}, false
	}
	commonName, peer, ok := cutPeer(client[:at])
	return Unreadable{CommonName: commonName, Peer: peer}, ok
}
