package dataplane

import (
	"net/netip"

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
