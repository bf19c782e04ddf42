package vpn

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Network is a private network that the host can route to (the guide's VPC): a name and one or
// more IPv4 ranges, cut into subnets.
type Network struct {
	ID          NetworkID
	Name        string
	Description string
	CIDRs       []netip.Prefix
	Tags        []Tag
	CreatedAt   time.Time
	Version     int // counts saves; a save on top of an older version is refused
}

// maxNetworkCIDRs is the limit of a VPC of the guide's service.
const maxNetworkCIDRs = 5

// NetworkSpec is a request for a network as typed: CIDRs separated by spaces, commas or lines.
type NetworkSpec struct {
	Name        string
	Description string
	CIDRs       string
	Tags        []Tag
}

// NewNetwork checks a request and creates the network. Its ranges must overlap with the client CIDR of none of the endpoints
// (and a new endpoint with no network: Endpoint.CheckNetworks). Fields: name, description, cidrs, tags.
func NewNetwork(s NetworkSpec, endpoints []Endpoint, now time.Time) (Network, error) {
	var c Check
	n := Network{ID: NewNetworkID(), CreatedAt: now, Version: 1}
	n.Name = checkName(&c, "name", s.Name, true)
	n.Description = checkDescription(&c, "description", s.Description)
	n.Tags = NormalizeTags(&c, s.Tags)
	if n.CIDRs = parseNetworkCIDRs(&c, s.CIDRs); !c.Has("cidrs") {
		n.checkNewRanges(&c, nil, endpoints)
	}
	return n, c.Err()
}

func parseNetworkCIDRs(c *Check, s string) []netip.Prefix {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' || r == '\t' || r == ';' })
	switch {
	case len(words) == 0:
		c.Bad("cidrs", "Enter at least one IPv4 range, for example 10.0.0.0/16.")
		return nil
	case len(words) > maxNetworkCIDRs:
		c.Bad("cidrs", fmt.Sprintf("There are %d ranges; a network has at most %d.", len(words), maxNetworkCIDRs))
		return nil
	}
	var out []netip.Prefix
	for _, w := range words {
		p, err := ParseCIDR(w)
		if err != nil {
			c.Also("cidrs", err.Error())
			continue
		}
		if p.Bits() < 8 {
			c.Also("cidrs", fmt.Sprintf("%s is too wide for a network; /8 is the widest.", p))
		}
		if p.Bits() > 28 {
			c.Also("cidrs", fmt.Sprintf("%s is too small for a network; /28 is the smallest.", p))
		}
		if why := unroutableReason(p); why != "" {
			c.Also("cidrs", fmt.Sprintf("%s lies in %s.", p, why))
		}
		for _, q := range out {
			if q.Overlaps(p) {
				c.Also("cidrs", fmt.Sprintf("%s overlaps with %s.", p, q))
			}
		}
		out = append(out, p)
	}
	return out
}

// Contains reports whether one of the network's ranges holds all of p.
func (n Network) Contains(p netip.Prefix) bool {
	for _, c := range n.CIDRs {
		if c.Bits() <= p.Bits() && c.Contains(p.Addr()) {
			return true
		}
	}
	return false
}

// Label is what lists and messages call the network.
func (n Network) Label() string { return labelOf(n.Name, string(n.ID)) }

func labelOf(name, id string) string {
	if name == "" {
		return id
	}
	return name + " (" + id + ")"
}
