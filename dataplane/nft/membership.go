package nft

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/google/nftables"

	"sallyport/vpn"
)

// Member is one element of a session in one set.
type Member struct {
	Set    string
	Device string // empty in sets of addresses alone
	Addr   netip.Addr
}

// layout is the session sets of a ruleset by endpoint. It is computed once, so that ten thousand
// sessions do not walk all rules.
type layout map[vpn.EndpointID]endpointSets

type endpointSets struct {
	groups       map[string]string // group to set; only groups that some range grants have one
	associations map[vpn.AssociationID]string
}

func newLayout(r Ruleset) layout {
	l := layout{}
	for _, e := range r.Endpoints {
		in := endpointSets{groups: map[string]string{}, associations: map[vpn.AssociationID]string{}}
		for _, run := range vpn.Flatten(e.Rules) {
			for _, g := range run.Grant.Groups {
				in.groups[g] = setGroup(e.ID, g)
			}
		}
		for _, a := range e.Associations {
			in.associations[a.ID] = setMembers(e.ID, a.ID)
		}
		l[e.ID] = in
	}
	return l
}

// membersOf returns the session's element in every set that it belongs to. A session whose endpoint,
// association or groups no longer exist has no element there, so it reaches nothing by them.
func (l layout) membersOf(s Session) []Member {
	in, ok := l[s.Endpoint]
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

// sessionSets returns the sorted names of the sets whose elements are sessions.
func (l layout) sessionSets() []string {
	names := []string{setSessions, setSent, setReceived}
	for _, in := range l {
		names = slices.AppendSeq(names, maps.Values(in.groups))
		names = slices.AppendSeq(names, maps.Values(in.associations))
	}
	slices.Sort(names)
	return names
}

func (m Member) text() string {
	if m.Device != "" {
		return fmt.Sprintf("%s . %s", quoteName(m.Device), m.Addr)
	}
	return m.Addr.String()
}

// element is the kernel's form: a device name is padded to 16 bytes, and the parts of a concatenated
// key are aligned to four bytes.
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
