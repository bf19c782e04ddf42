package dataplane

import (
	"net/netip"
	"slices"
	"time"

	"sallyport/vpn"
)

// pool gives out the addresses of an endpoint's blocks on this node, least recently used first,
// so that a stranger's late packet rarely meets a new holder. It is not safe for concurrent use.
type pool struct {
	client netip.Prefix
	blocks []int
	now    func() time.Time

	held  map[netip.Addr]bool // false: it rests
	fresh netip.Addr          // the next address that was never used, in block blocks[block]
	block int
	rest  []rested // used ones in the order in which they came back
}

type rested struct {
	addr netip.Addr
	at   time.Time
}

func newPool(client netip.Prefix, blocks []int, now func() time.Time) *pool {
	p := &pool{client: client, now: now, held: map[netip.Addr]bool{}}
	p.assign(blocks)
	return p
}

// assign sets the blocks to give out from. An address of another block that is held stays so
// until it is given back.
func (p *pool) assign(blocks []int) {
	if slices.Equal(blocks, p.blocks) {
		return
	}
	p.blocks, p.block, p.fresh = slices.Clone(blocks), 0, netip.Addr{}
	if len(blocks) > 0 {
		p.fresh = vpn.Block(p.client, blocks[0]).Addr()
	}
}

// take gives an address that nobody holds. ok is false where all are held or still resting.
func (p *pool) take() (addr netip.Addr, ok bool) {
	for p.block < len(p.blocks) {
		block := vpn.Block(p.client, p.blocks[p.block])
		for ; block.Contains(p.fresh); p.fresh = p.fresh.Next() {
			if _, used := p.held[p.fresh]; !used && vpn.Assignable(p.client, p.fresh) {
				addr, p.fresh = p.fresh, p.fresh.Next()
				p.held[addr] = true
				return addr, true
			}
		}
		if p.block++; p.block < len(p.blocks) {
			p.fresh = vpn.Block(p.client, p.blocks[p.block]).Addr()
		}
	}
	for len(p.rest) > 0 && p.now().Sub(p.rest[0].at) >= addressRest {
		addr, p.rest = p.rest[0].addr, p.rest[1:]
		if !p.mine(addr) {
			delete(p.held, addr) // of a block that is another node's by now
			continue
		}
		p.held[addr] = true
		return addr, true
	}
	return netip.Addr{}, false
}

func (p *pool) mine(addr netip.Addr) bool {
	return slices.ContainsFunc(p.blocks, func(n int) bool { return vpn.Block(p.client, n).Contains(addr) })
}

// hold marks an address as held by a session that was read from the journal. It tells whether
// that can be: clients may have the address, and nobody has it.
func (p *pool) hold(addr netip.Addr) bool {
	if _, used := p.held[addr]; used || !vpn.Assignable(p.client, addr) {
		return false
	}
	p.held[addr] = true
	return true
}

// give takes an address back. It rests before somebody else gets it.
func (p *pool) give(addr netip.Addr) {
	if p.held[addr] {
		p.held[addr] = false
		p.rest = append(p.rest, rested{addr: addr, at: p.now()})
	}
}
