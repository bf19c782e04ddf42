package nft

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/google/nftables"

	"sallyport/vpn"
)

// membership is one element that a session has in one set.
type membership struct {
	set    string
	device string // empty in sets of addresses alone
	addr   netip.Addr
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
func (p placing) of(s Session) []membership {
	in, ok := p[s.Endpoint]
	if !ok {
		return nil
	}
	out := []membership{
		{set: setSessions, device: s.Device, addr: s.Addr},
		{set: setSent, addr: s.Addr},
		{set: setReceived, addr: s.Addr},
	}
	if set, ok := in.associations[s.Association]; ok {
		out = append(out, membership{set: set, device: s.Device, addr: s.Addr})
	}
	for _, g := range s.Groups {
		if set, ok := in.groups[g]; ok {
			if m := (membership{set: set, addr: s.Addr}); !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	return out
}

func (m membership) text() string {
	if m.device != "" {
		return fmt.Sprintf("%s . %s", quote(m.device), m.addr)
	}
	return m.addr.String()
}

// element is the kernel's form: a device name is padded to 16 bytes, concatenated parts follow
// one another in multiples of four.
func (m membership) element() nftables.SetElement {
	addr := m.addr.As4()
	if m.device == "" {
		return nftables.SetElement{Key: addr[:]}
	}
	key := make([]byte, 20)
	copy(key[:15], m.device)
	copy(key[16:], addr[:])
	return nftables.SetElement{Key: key}
}
