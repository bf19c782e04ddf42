package dataplane

import (
	"net/netip"
	"sync"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// refused reports a client whose certificate did not verify.
func (ep *endpoint) refused(ev ovpn.TLSRefused) {
	stranger := ev.Reason == ovpn.RefusedSharedKey
	if stranger && !ev.Peer.IsValid() {
		return
	}
	limit := &ep.mistaken
	if stranger {
		limit = &ep.strangers
	}
	told, unsaid := limit.take(ep.now())
	if unsaid > 0 {
		ep.log.Warn("refused attempts were too many to report each", "left_out", unsaid, "strangers", stranger)
	}
	if !told {
		return
	}
	peer := ev.Peer
	if !peer.IsValid() {
		peer = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	}
	ep.events.Add(vpn.Event{Refused: &vpn.RefusedAttempt{Endpoint: ep.id, Device: peer, CommonName: ev.Subject, Reason: ev.Message}})
}

// How many refused attempts of an endpoint are reported. Anybody can send packets that are
// refused, with any sender's address; each report costs web a transaction and takes room from
// events that matter. Those who hold no profile are counted apart, so that they cannot hide
// the others.
const (
	refusalsAtOnce = 50
	refusalEvery   = time.Second
)

// limit is a bucket of refusalsAtOnce reports that fills by one every refusalEvery.
type limit struct {
	mu     sync.Mutex
	used   int
	since  time.Time // up to when used has been lowered
	unsaid int
}

// take tells whether one more is to be reported, and how many were not since the last that was.
func (l *limit) take(now time.Time) (ok bool, unsaid int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := int(now.Sub(l.since) / refusalEvery); n >= l.used {
		l.used, l.since = 0, now
	} else if n > 0 {
		l.used -= n
		l.since = l.since.Add(time.Duration(n) * refusalEvery)
	}
	if l.used >= refusalsAtOnce {
		l.unsaid++
		return false, 0
	}
	l.used++
	unsaid, l.unsaid = l.unsaid, 0
	return true, unsaid
}
