package session

import (
	"net/netip"
	"time"

	"sallyport/vpn"
)

// Released is an ended session whose address is not free yet. First the kernel must hold no flow of
// it (releasing), then the address stays unused for AddressCooldown (cooling down). The journal
// has its session until the cooldown is over.
type Released struct {
	Connection vpn.ConnectionID
	Addr       netip.Addr
	Closed     bool      // the kernel drops its packets
	Until      time.Time // the end of the cooldown
}

// Release adds ended sessions whose flows may still be in the kernel.
func (t *Table) Release(rs ...Released) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.releasing = append(t.releasing, rs...)
}

// AdoptReleased adds an ended session of an earlier process. It is false where the address is held
// already, or no client may have it.
func (t *Table) AdoptReleased(r Released) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.pool.Hold(r.Addr) {
		return false
	}
	t.releasing = append(t.releasing, r)
	return true
}

// TakeReleasing hands out the ended sessions whose flows may still be in the kernel. The caller
// removes the flows, and then calls CoolDown or, where that failed, Release.
func (t *Table) TakeReleasing() []Released {
	t.mu.Lock()
	defer t.mu.Unlock()
	rs := t.releasing
	t.releasing = nil
	return rs
}

// CoolDown frees addresses without flows. They are given out again after the cooldown.
func (t *Table) CoolDown(rs []Released, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range rs {
		t.pool.Release(r.Addr)
		r.Until = now.Add(AddressCooldown)
		t.cooling = append(t.cooling, r)
	}
}

// TakeCooled hands out the ended sessions whose cooldown is over, or all of them.
func (t *Table) TakeCooled(now time.Time, all bool) []Released {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for n < len(t.cooling) && (all || !now.Before(t.cooling[n].Until)) {
		n++
	}
	rs := t.cooling[:n:n]
	t.cooling = t.cooling[n:]
	return rs
}
