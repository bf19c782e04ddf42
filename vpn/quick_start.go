package vpn

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// QuickStartSpec is a request for a whole VPN by one form, as typed. What is empty is proposed by QuickStartProposal.
type QuickStartSpec struct {
	Name       string // of the network, the endpoint and the authority
	CIDR       string // of the network
	PublicName string // "" where it is set already

	Subnet     string
	Zone       string
	ClientCIDR string
	Port       string
	Client     string // common name of the first client certificate
}

// ProposeSubnet is the target network that clients of a network enter by, where none is typed: the narrowest range in it that the host
// is attached to or has a route to, because that is what clients will reach; otherwise the first /24, or the network where it
// is narrower.
func ProposeSubnet(network netip.Prefix, used []netip.Prefix) netip.Prefix {
	if !network.IsValid() || !network.Addr().Is4() {
		return netip.Prefix{}
	}
	network = network.Masked()
	var inside []netip.Prefix
	for _, p := range used {
		if p = p.Masked(); p.Addr().Is4() && network.Contains(p.Addr()) && p.Bits() >= network.Bits() && p.Bits() <= smallestSubnet {
			inside = append(inside, p)
		}
	}
	if len(inside) > 0 {
		return slices.MaxFunc(inside, func(a, b netip.Prefix) int {
			if a.Bits() != b.Bits() {
				return a.Bits() - b.Bits()
			}
			return b.Addr().Compare(a.Addr()) // of two that are as narrow the first
		})
	}
	return netip.PrefixFrom(network.Addr(), max(network.Bits(), 24)).Masked()
}

// ProposeFirstUser is the common name of the first client certificate: the administrator's own name, where the account is that of a
// person and not named by its role.
func ProposeFirstUser(administrator string) string {
	switch strings.ToLower(administrator) {
	case "", "admin", "administrator", "root":
		return "first-user"
	}
	return administrator
}

// ProposePublicName is the host's own address where users anywhere can reach it. A private one is reached in its own network alone, and
// often stands behind a public one that this host does not know.
func ProposePublicName(own string) string {
	a, err := netip.ParseAddr(own)
	if err != nil || !a.Is4() || isPrivate(netip.PrefixFrom(a, a.BitLen())) {
		return ""
	}
	return own
}

// CheckWay refuses a subnet that the host has no way to: its association would fail. Field: subnet where it was typed, else cidr.
func (s QuickStartSpec) CheckWay(w Way, typed bool) error {
	var c Check
	if w.Problem != "" {
		field := "cidr"
		if typed {
			field = "subnet"
		}
		c.Bad(field, w.Problem+" Clients would reach nothing there. Correct the range, or add a route to this host first.")
	}
	return c.Err()
}

// CheckClients refuses a range of clients that overlaps with the network that the same form makes. Field: client_cidr.
func (s QuickStartSpec) CheckClients(n Network) error {
	var c Check
	clients, err := ParseCIDR(s.ClientCIDR)
	for _, cidr := range n.CIDRs {
		if err == nil && cidr.Overlaps(clients) {
			c.Bad("client_cidr", fmt.Sprintf("%s overlaps with %s, the private network above.", clients, cidr))
		}
	}
	return c.Err()
}

// QuickStartFields gives the refusal of a thing that a quick start makes with the names of the form's fields; a field that the form
// does not have is told beside the name.
func QuickStartFields(refused error, names map[string]string) error {
	fields := FieldsOf(refused)
	if len(fields) == 0 || KindOf(refused) != Invalid {
		return refused
	}
	var c Check
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		c.Also(cmp.Or(names[name], "name"), fields[name])
	}
	return c.Err()
}
