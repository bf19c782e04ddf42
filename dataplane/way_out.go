package dataplane

import (
	"cmp"
	"context"
	"net/netip"
	"sync"
	"time"

	"sallyport/dataplane/host"
	"sallyport/vpn"
)

// WayOut tells how this host sends packets of clients to an address. It sends none itself.
func (e *Engine) WayOut(to netip.Addr) (vpn.WayOut, error) {
	out := vpn.WayOut{Address: to}
	if !to.Is4() {
		return out, vpn.Refuse(vpn.Invalid, vpn.CodeInvalidParameterValue, "The address is not an IPv4 address.")
	}
	policy, problem := e.policy.Current()
	if problem != "" {
		out.Problem = problem
		return out, nil
	}
	single := netip.PrefixFrom(to, to.BitLen())
	out.Forbidden, out.Own = policy.Forbids(single) != "", host.IsOwn(to)
	path, err := host.Reach(single)
	if err != nil {
		out.Problem = adminMessage(err)
		return out, nil
	}
	out.Interface, out.Gateway, out.Default = path.Interface, path.Gateway, path.Default
	out.Problem = policy.AllowsEgress(path.Interface)
	return out, nil
}

// WaysTo tells how this host's routes lead to subnets and wider ranges, in their order. It sends no packet. The error is that of
// ctx where it ended meanwhile: a page does not wait for long.
func (e *Engine) WaysTo(ctx context.Context, subnets []netip.Prefix) ([]vpn.Way, error) {
	if len(subnets) > vpn.MaxAskedWays {
		return nil, vpn.Refuse(vpn.Invalid, vpn.CodeInvalidParameterValue, "More subnets were asked about than one question may name.")
	}
	policy, problem := e.policy.Current()
	ways := make([]vpn.Way, 0, len(subnets))
	for _, subnet := range subnets {
		if !subnet.IsValid() || !subnet.Addr().Is4() {
			return nil, vpn.Refuse(vpn.Invalid, vpn.CodeInvalidParameterValue, "A subnet is not an IPv4 range.")
		}
		if problem != "" {
			ways = append(ways, vpn.Way{Subnet: subnet, Problem: problem})
			continue
		}
		if subnet.IsSingleIP() && host.IsOwn(subnet.Addr()) { // clients reach it in this host, where a rule names it
			ways = append(ways, vpn.Way{Subnet: subnet, Interface: "lo"})
			continue
		}
		path, err := host.ReachRange(ctx, subnet, e.used.ranges)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		way := wayOf(subnet, path, err)
		if forbidden := cmp.Or(policy.ForbidsRoute(subnet), policy.AllowsEgress(path.Interface)); err == nil && forbidden != "" {
			way = vpn.Way{Subnet: subnet, Problem: forbidden}
		}
		ways = append(ways, way)
	}
	return ways, nil
}

// usedRanges is what this host has addresses in and routes to. Pages that are open ask for ways every few seconds, and a table of many routes takes
// long to read: it is read once in usedLife.
type usedRanges struct {
	mu   sync.Mutex // guards the rest, and is held while the kernel's table is read; no other lock is taken under it
	read time.Time
	last []host.Used
}

const usedLife = 10 * time.Second

// ranges gives none where the table cannot be read.
func (u *usedRanges) ranges() []host.Used {
	u.mu.Lock()
	defer u.mu.Unlock()
	if time.Since(u.read) < usedLife {
		return u.last
	}
	u.last, _ = host.UsedRanges()
	u.read = time.Now()
	return u.last
}
