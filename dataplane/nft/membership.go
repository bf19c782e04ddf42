package nft

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/google/nftables"

	"sallyport/vpn"
)

// Member is one element that a session has in one set.
type Member struct {
	Set    string
	Device string // empty in sets of addresses alone
	Addr   netip.Addr
}

// placing knows which sets a ruleset has, so that ten thousand sessions need not walk its rules
// each.
type placing map[vpn.EndpointID]places

type places struct {
	groups       map[string]string // group to set; only groups that some range grants have one
	associations map[vpn.AssociationID]string
}

func newPlacing(r Ruleset) placing {
	p := placing{}
	for _, e := range r.Endpoints {
		in := places{groups: map[string]string{}, associations: map[vpn.AssociationID]string{}}
		for _, run := range vpn.Flatten(e.Rules) {
			for _, g := range run.Grant.Groups {
				in.groups[g] = setGroup(e.ID, g)
			}
		}
		for _, a := range e.Associations {
			in.associations[a.ID] = setMembers(e.ID, a.ID)
		}
		p[e.ID] = in
	}
	return p
}

// of lists every set that the session is in. A session whose endpoint is gone is in none, one
// whose association or groups are gone is not in theirs: that is what makes a lagging session
// reach nothing.
func (p placing) of(s Session) []Member {
	in, ok := p[s.Endpoint]
	if !ok {
		return nil
	}
	out := []Member{
		{Set: setSessions, Device: s.Device, Addr: s.Addr},
		{Set: setSent, Addr: s.Addr},
		{Set: setReceived, Addr: s.Addr},
	}
	if set, ok := in.associations[s.Association]; ok {
		out = append(out, Member{Set: set, Device: s.Device, Addr: s.Addr})
	}
	for _, g := range s.Groups {
		if set, ok := in.groups[g]; ok {
			if m := (Member{Set: set, Addr: s.Addr}); !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	return out
}

// sets are those whose elements follow the sessions.
func (p placing) sets() []string {
	names := []string{setSessions, setSent, setReceived}
	for _, in := range p {
		names = slices.AppendSeq(names, maps.Values(in.groups))
		names = slices.AppendSeq(names, maps.Values(in.associations))
	}
	slices.Sort(names)
	return names
}

func (m Member) text() string {
	if m.Device != "" {
		return fmt.Sprintf("%s . %s", quote(m.Device), m.Addr)
	}
	return m.Addr.String()
}

// element is the kernel's form: a device name is padded to 16 bytes, concatenated parts follow
// one another in multiples of four.
func (m Member) element() nftables.SetElement {
	addr := m.Addr.As4()
	if m.Device == "" {
		return nftables.SetElement{Key: addr[:]}
	}
	key := make([]byte, 20)
	copy(key[:15], m.Device)
	copy(key[16:], addr[:])
	return nftables.SetElement{Key: key}
}
