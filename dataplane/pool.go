package dataplane

import (
	"net/netip"
	"time"

	"sallyport/vpn"
)

// pool gives out the addresses of an endpoint's blocks on this node, least recently used first,
// so that a stranger's late packet rarely meets a new holder. It is not safe for concurrent use.
type pool struct {
	client netip.Prefix
	blocks []int
	now    func() time.Time

	taken map[netip.Addr]bool
	fresh netip.Addr // the next address that was never used, in block blocks[block]
	block int
	rest  []rested // used ones in the order in which they came back
}

type rested struct {
	addr netip.Addr
	at   time.Time
}

func newPool(client netip.Prefix, blocks []int, now func() time.Time) *pool {
	p := &pool{client: client, blocks: blocks, now: now, taken: map[netip.Addr]bool{}}
	if len(blocks) > 0 {
		p.fresh = vpn.Block(client, blocks[0]).Addr()
	}
	return p
}

// take gives an address that nobody holds. ok is false where all are held or still resting.
func (p *pool) take() (addr netip.Addr, ok bool) {
	for p.block < len(p.blocks) {
		block := vpn.Block(p.client, p.blocks[p.block])
		for ; block.Contains(p.fresh); p.fresh = p.fresh.Next() {
			if a := p.fresh; vpn.Assignable(p.client, a) && !p.taken[a] {
				p.fresh = a.Next()
				p.taken[a] = true
				return a, true
			}
		}
		if p.block++; p.block < len(p.blocks) {
			p.fresh = vpn.Block(p.client, p.blocks[p.block]).Addr()
		}
	}
	if len(p.rest) == 0 || p.now().Sub(p.rest[0].at) < addressRest {
		return netip.Addr{}, false
	}
	addr = p.rest[0].addr
	p.rest = p.rest[1:]
	p.taken[addr] = true
	return addr, true
}

// hold marks an address as held by a session that was read from the journal.
func (p *pool) hold(addr netip.Addr) { p.taken[addr] = true }

// give takes an address back.
func (p *pool) give(addr netip.Addr) {
	if p.taken[addr] {
		delete(p.taken, addr)
		p.rest = append(p.rest, rested{addr: addr, at: p.now()})
	}
}
