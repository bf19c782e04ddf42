package vpn

import "net/netip"

// WayOut is how a host sends packets of clients to an address.
type WayOut struct {
	Address   netip.Addr `json:"address"`
	Interface string     `json:"interface"`
	Gateway   netip.Addr `json:"gateway"`   // invalid where the address is on the interface itself
	Default   bool       `json:"default"`   // only the default route leads there
	Own       bool       `json:"own"`       // it is an address of the host itself
	Forbidden bool       `json:"forbidden"` // by the host policy
	Problem   string     `json:"problem"`   // why packets do not leave, as a sentence; empty: they do
}

// Doubtful tells whether the host sends packets to a private address by its default route because it knows no other
// (Way.RangeDoubt).
func (w WayOut) Doubtful() bool {
	return w.Default && w.Address.Is4() && isPrivate(netip.PrefixFrom(w.Address, w.Address.BitLen()))
}

// Hop is the next hop: "eth1, directly" or "10.0.0.254 on eth1"; "" where there is none.
func (w WayOut) Hop() string { return hop(w.Interface, w.Gateway) }
