package dataplane

import (
	"net/netip"
	"strings"
	"sync"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// report reports a client that was refused before web was asked.
func (ep *endpoint) report(ev ovpn.TLSRefused) {
	unauthenticated := ev.Code == vpn.CodeSharedKeyMismatch // it does not have the endpoint's tls-crypt key
	if unauthenticated && !ev.Peer.IsValid() {
		return
	}
	limit := &ep.rejected
	if unauthenticated {
		limit = &ep.unauthenticated
	}
	ok, omitted := limit.take(ep.now())
	if omitted > 0 {
		ep.log.Warn("refused attempts were too many to report each", "omitted", omitted, "unauthenticated", unauthenticated)
	}
	if !ok {
		return
	}
	peer := ev.Peer
	if !peer.IsValid() {
		peer = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	}
	ep.events.Add(vpn.Event{Refused: &vpn.RefusedAttempt{Endpoint: ep.id, Device: peer, CommonName: subjectName(ev.Subject), Code: ev.Code, Reason: ev.Message, Count: ev.Count, Unauthenticated: unauthenticated}})
}

// subjectName is the common name of a subject that has nothing else ("CN=alice"). Any other subject stays whole: OpenVPN
// does not mark where one of its values ends.
func subjectName(subject string) string {
	if name, only := strings.CutPrefix(subject, "CN="); only && !strings.Contains(name, "=") {
		return name
	}
	return subject
}

// How many refused attempts of an endpoint are reported. Any host can send packets that are refused,
// with any source address; each report costs web a transaction and takes room from other events.
// Clients without the tls-crypt key are counted separately, so that they cannot hide the others.
const (
	maxReports     = 50
	reportInterval = time.Second
)

// reportLimit is a bucket of maxReports reports that fills by one every reportInterval.
type reportLimit struct {
	mu      sync.Mutex // guards the fields below; no other lock is taken under it
	used    int
	since   time.Time // up to when used has been lowered
	omitted int
}

// take tells whether one more is to be reported, and how many were omitted since the last that was.
func (l *reportLimit) take(now time.Time) (ok bool, omitted int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := int(now.Sub(l.since) / reportInterval); n >= l.used {
		l.used, l.since = 0, now
	} else if n > 0 {
		l.used -= n
		l.since = l.since.Add(time.Duration(n) * reportInterval)
	}
	if l.used >= maxReports {
		l.omitted++
		return false, 0
	}
	l.used++
	omitted, l.omitted = l.omitted, 0
	return true, omitted
}
