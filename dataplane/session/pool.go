package session

import (
	"net/netip"
	"slices"
	"time"

	"sallyport/vpn"
)

// Pool gives out the addresses of an endpoint's blocks on this node, least recently used first, so
// that a late packet of the last holder rarely reaches a new one. It is not safe for concurrent use.
type Pool struct {
	client netip.Prefix
	blocks []int
	now    func() time.Time

	size  int                 // the addresses of the blocks that a client may have
	held  map[netip.Addr]bool // false: it cools down
	fresh netip.Addr          // the next address that was never used, in block blocks[block]
	block int
	free  []freed // addresses that cool down or have, in the order in which they were released
}

type freed struct {
	addr netip.Addr
	at   time.Time
}

// AddressCooldown is how long an address stays unused after its session: OpenVPN keeps the address of
// a client that was killed for five seconds.
const AddressCooldown = 10 * time.Second

// NewPool makes a pool of the given blocks of a client CIDR.
func NewPool(client netip.Prefix, blocks []int, now func() time.Time) *Pool {
	p := &Pool{client: client, now: now, held: map[netip.Addr]bool{}}
	p.Assign(blocks)
	return p
}

// Assign sets the blocks to give out from. An address of another block stays held until it is
// released.
func (p *Pool) Assign(blocks []int) {
	if slices.Equal(blocks, p.blocks) {
		return
	}
	p.blocks, p.block, p.fresh, p.size = slices.Clone(blocks), 0, netip.Addr{}, 0
	for _, n := range blocks {
		block := vpn.Block(p.client, n)
		for addr := block.Addr(); block.Contains(addr); addr = addr.Next() {
			if vpn.Assignable(p.client, addr) {
				p.size++
			}
		}
	}
	if len(blocks) > 0 {
		p.fresh = vpn.Block(p.client, blocks[0]).Addr()
	}
}

// Take gives a free address: the wanted one where that is free, which may be the zero value. ok is false where all
// are held or cool down.
func (p *Pool) Take(wanted netip.Addr) (addr netip.Addr, ok bool) {
	if p.takeThis(wanted) {
		return wanted, true
	}
	if addr, ok = p.next(); !ok {
		return addr, false
	}
	if len(p.free) > 0 && p.free[0].addr == addr {
		p.free = p.free[1:]
	}
	p.held[addr] = true
	return addr, true
}

// next finds the address that Take gives, and leaves it where it is.
func (p *Pool) next() (addr netip.Addr, ok bool) {
	for p.block < len(p.blocks) {
		block := vpn.Block(p.client, p.blocks[p.block])
		for ; block.Contains(p.fresh); p.fresh = p.fresh.Next() {
			if _, used := p.held[p.fresh]; !used && vpn.Assignable(p.client, p.fresh) {
				return p.fresh, true
			}
		}
		if p.block++; p.block < len(p.blocks) {
			p.fresh = vpn.Block(p.client, p.blocks[p.block]).Addr()
		}
	}
	for len(p.free) > 0 && p.now().Sub(p.free[0].at) >= AddressCooldown {
		if addr = p.free[0].addr; p.assigned(addr) {
			return addr, true
		}
		p.free = p.free[1:]
		delete(p.held, addr) // its block was assigned to another node
	}
	return netip.Addr{}, false
}

func (p *Pool) takeThis(addr netip.Addr) bool {
	if !addr.IsValid() || !p.assigned(addr) || !vpn.Assignable(p.client, addr) {
		return false
	}
	if _, used := p.held[addr]; used {
		n := slices.IndexFunc(p.free, func(f freed) bool { return f.addr == addr && p.now().Sub(f.at) >= AddressCooldown })
		if n < 0 {
			return false
		}
		p.free = slices.Delete(p.free, n, n+1)
	}
	p.held[addr] = true
	return true
}

func (p *Pool) assigned(addr netip.Addr) bool {
	return slices.ContainsFunc(p.blocks, func(n int) bool { return vpn.Block(p.client, n).Contains(addr) })
}

// Hold marks an address as held by a session that was read from the journal. It is false where the
// address is held already, or no client may have it.
func (p *Pool) Hold(addr netip.Addr) bool {
	if _, used := p.held[addr]; used || !vpn.Assignable(p.client, addr) {
		return false
	}
	p.held[addr] = true
	return true
}

// Release takes an address back. It cools down before it is given out again.
func (p *Pool) Release(addr netip.Addr) {
	if p.held[addr] {
		p.held[addr] = false
		p.free = append(p.free, freed{addr: addr, at: p.now()})
	}
}

// Capacity is the number of addresses of the blocks.
func (p *Pool) Capacity() int { return p.size }

// Holds tells whether a session holds the address.
func (p *Pool) Holds(addr netip.Addr) bool { return p.held[addr] }

// Held is the number of addresses that sessions hold.
func (p *Pool) Held() int {
	n := 0
	for _, held := range p.held {
		if held {
			n++
		}
	}
	return n
}
