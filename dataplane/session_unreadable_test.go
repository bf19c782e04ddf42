package dataplane

import (
	"net/netip"
	"strings"
	"testing"

	"sallyport/dataplane/ovpn"
)

// A client whose packets cannot be read is told why and ends. Single packets that are not IP, and those of a client of
// another name at its address, end nothing.
func TestUnreadablePackets(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	sent := commandsTo(r.conn)
	id := f.logInUp(t, r, 1, "alice", "t1")
	s, _ := f.ep.sessions.Get(id)
	for range maxUnreadable {
		f.send(r, ovpn.Unreadable{CommonName: "bob", Peer: s.Peer})
		f.send(r, ovpn.Unreadable{CommonName: "alice", Peer: netip.MustParseAddrPort("203.0.113.7:7")})
	}
	for range maxUnreadable - 1 {
		f.send(r, ovpn.Unreadable{CommonName: "alice", Peer: s.Peer})
	}
	if _, ok := f.ep.sessions.Get(id); !ok {
		t.Fatal("the session ended too early")
	}
	f.send(r, ovpn.Unreadable{CommonName: "alice", Peer: s.Peer})
	if _, ok := f.ep.sessions.Get(id); ok {
		t.Error("the session goes on")
	}
	eventually(t, "the client is told", func() bool {
		return sent(`client-kill 1 "HALT,ClientFramingMismatch: `+strings.ReplaceAll(errFraming.Msg, `"`, `\"`)+`"`) == 1
	})
	if len(f.ep.state.unreadable) > 0 {
		t.Errorf("counted still: %v", f.ep.state.unreadable)
	}
}
