package session

import (
	"time"

	"sallyport/vpn"
)

// silence is how long a live client is heard again within: it sends a ping every five seconds, of which one may be lost,
// and the workers are asked what they received every five. A client that lost its worker is there again after 21 s at the
// earliest (ovpn.PingRestart). A worker that was not asked says nothing of its clients.
const silence = 12 * time.Second

// Free tells whether a client without a token can continue the session, where its certificate is all that a
// login needs: the session's client is away, or has been silent for so long that it is about to be. The platform keeps two devices with
// copies of one certificate apart where it can.
func (s Session) Free(certificate, platform string, uptime time.Duration) bool {
	return s.Established && !s.Named && s.Certificate != "" && s.Certificate == certificate && s.Platform == platform && uptime <= s.Ends &&
		(s.Away() || s.listed-max(s.heard, s.Joined) > silence)
}

// Unheard tells whether the client has been silent from the moment on at which its login was granted: a person signed in
// in the browser, and the device was out of reach by then. OpenVPN counts its control packets as well, so that a client
// that learned of the grant was heard.
func (s Session) Unheard() bool { return s.unheard && s.listed-s.Joined > silence }

// WaitForFirst has the session count as unheard until its worker has received more from the client than this.
func (t *Table) WaitForFirst(id vpn.ConnectionID, received uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.byID[id]; s != nil {
		s.received, s.unheard = received, true
	}
}

// Hear notes what a worker received from a client so far.
func (t *Table) Hear(c Client, received uint64, uptime time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.byClient[c]
	if s == nil {
		return
	}
	s.listed = uptime
	if s.received != received {
		s.received, s.heard, s.unheard = received, uptime, false
	}
}
