package vpn

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"
)

// Subnet is a range of one network in one availability zone; associated with an endpoint it is
// a target network.
type Subnet struct {
	ID          SubnetID
	Network     NetworkID
	Name        string
	Description string
	CIDR        netip.Prefix
	Zone        string
	Tags        []Tag
	CreatedAt   time.Time
	Version     int // counts saves; a save on top of an older version is refused
}

// smallestSubnet is the narrowest subnet that can be a target network (guide, "Target networks").
const smallestSubnet = 27

// SubnetSpec is a request for a subnet as typed.
type SubnetSpec struct {
	Name        string
	Description string
	CIDR        string
	Zone        string
	Tags        []Tag
}

// NewSubnet checks a request against its network and the subnets that exist in it, and makes the
// subnet. Fields: name, description, cidr, zone, tags.
func NewSubnet(s SubnetSpec, n Network, siblings []Subnet, now time.Time) (Subnet, error) {
	var c Check
	sub := Subnet{ID: NewSubnetID(), Network: n.ID, CreatedAt: now, Version: 1}
	sub.Name = checkName(&c, "name", s.Name, false)
	sub.Description = checkDescription(&c, "description", s.Description)
	sub.Tags = NormalizeTags(&c, s.Tags)
	sub.Zone = checkZone(&c, s.Zone)
	p, err := ParseCIDR(s.CIDR)
	switch {
	case err != nil:
		c.Bad("cidr", err.Error())
	case p.Bits() > smallestSubnet:
		c.Bad("cidr", fmt.Sprintf("%s is too small: a target network needs at least a /%d.", p, smallestSubnet))
	case !n.Contains(p):
		c.Bad("cidr", fmt.Sprintf("%s is not inside the network, which has %s.", p, joinPrefixes(n.CIDRs)))
	}
	if !c.Has("cidr") {
		for _, o := range siblings {
			if o.CIDR.Overlaps(p) {
				c.Bad("cidr", fmt.Sprintf("%s overlaps with subnet %s (%s).", p, o.Label(), o.CIDR))
			}
		}
	}
	sub.CIDR = p
	return sub, c.Err()
}

// SubnetEdit is a request to modify a subnet as typed; its range and its zone stay. Version is the one the form was
// filled from.
type SubnetEdit struct {
	Version     int
	Name        string
	Description string
	Tags        []Tag
}

// Edit modifies the subnet. Fields: name, description, tags. Stale where another administrator saved first.
func (s *Subnet) Edit(in SubnetEdit) error {
	var c Check
	name, description, tags := checkName(&c, "name", in.Name, false), checkDescription(&c, "description", in.Description), NormalizeTags(&c, in.Tags)
	if in.Version != s.Version {
		return ErrStale("subnet").Beside(c.fields)
	}
	if err := c.Err(); err != nil {
		return err
	}
	s.Name, s.Description, s.Tags = name, description, tags
	s.Version++
	return nil
}

// Label is what lists and messages call the subnet.
func (s Subnet) Label() string { return labelOf(s.Name, string(s.ID)) }

// checkZone accepts the form of an availability zone's name: lower-case words such as "eu-1a".
func checkZone(c *Check, zone string) string {
	zone = strings.TrimSpace(zone)
	switch {
	case zone == "":
		c.Bad("zone", "Enter an availability zone, for example zone-a.")
	case utf8.RuneCountInString(zone) > 64:
		c.Bad("zone", "An availability zone's name has at most 64 characters.")
	case strings.Trim(zone, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		c.Bad("zone", "An availability zone's name has lower-case letters, digits and hyphens.")
	}
	return zone
}

func joinPrefixes(ps []netip.Prefix) string {
	words := make([]string, len(ps))
	for i, p := range ps {
		words[i] = p.String()
	}
	return strings.Join(words, ", ")
}
