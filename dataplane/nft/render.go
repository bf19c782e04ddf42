package nft

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"sallyport/vpn"
)

// Objects are the named objects of the kernel's table that Render must delete or keep. The zero
// value describes a table that does not exist.
type Objects struct {
	Chains, Sets, Maps []string
	// Holds are the elements of session sets, complete for every set that occurs: such a set is kept
	// and gets the difference only. It must be complete for the counter sets.
	Holds []Member
	// Read are the counters to start with where a counter set has no element of the address.
	Read map[netip.Addr]Counters
}

// Render returns the text of one nft transaction that makes the table called name hold exactly
// this ruleset and these sessions, where it held old before. Counters of sessions that stay are
// not changed.
func Render(name string, r Ruleset, sessions []Session, old Objects) []byte {
	d := document{table: "inet " + name, elements: map[string][]string{}, accept: "accept"}
	if r.Mark != 0 {
		d.accept = "goto " + chainAccepted
	}
	layout := newLayout(r)
	kept := old.keptSets(layout)
	d.deleteOld(old, kept)
	d.collectMembers(layout, sessions, old, kept)
	d.line("table %s {", d.table)
	d.sets(r)
	clients := make([]netip.Prefix, len(r.Endpoints))
	for i, e := range r.Endpoints {
		clients[i] = e.ClientCIDR
	}
	for _, e := range r.Endpoints {
		d.endpoint(e, clients)
	}
	if r.Mark != 0 {
		d.chain(chainAccepted, fmt.Sprintf("meta mark set meta mark | 0x%08x", r.Mark), "accept")
	}
	d.limits(r)
	d.hostPolicy()
	d.hooks(r)
	d.line("}")
	return d.Bytes()
}

// document is the text under construction. A set is declared with its elements, so elements are
// collected by set first.
type document struct {
	bytes.Buffer
	table    string
	elements map[string][]string
	accept   string // the verdict that lets a packet of a client or to a client pass
}

func (d *document) line(format string, args ...any) {
	fmt.Fprintf(d, format, args...)
	d.WriteByte('\n')
}

// deleteOld flushes all rules and deletes the chains, maps and sets that are not kept. Rules go
// first, because the kernel refuses to delete an object that a rule uses. Base chains stay, without
// rules until the end of the same transaction: a packet passes either all old or all new rules.
func (d *document) deleteOld(old Objects, kept map[string]bool) {
	d.line("add table %s", d.table)
	d.line("flush table %s", d.table)
	for _, m := range old.Maps {
		d.line("delete map %s %s", d.table, m)
	}
	for _, c := range old.Chains {
		if !slices.Contains(baseChains, c) {
			d.line("delete chain %s %s", d.table, c)
		}
	}
	for _, s := range old.Sets {
		if !kept[s] {
			d.line("delete set %s %s", d.table, s)
		}
	}
}

// keptSets returns the sets that the new rules use as well and whose elements are known. A changed
// rule then does not cause the elements of a thousand clients to be written again.
func (o Objects) keptSets(l layout) map[string]bool {
	out, wanted := map[string]bool{}, l.sessionSets()
	for _, set := range counterSets {
		out[set] = true
	}
	for _, set := range limitSets {
		out[set] = true
	}
	for _, m := range o.Holds {
		if !out[m.Set] {
			_, out[m.Set] = slices.BinarySearch(wanted, m.Set)
		}
	}
	return out
}

// collectMembers sorts the sessions into their sets, and deletes from kept sets the elements that
// belong to no session.
func (d *document) collectMembers(l layout, sessions []Session, old Objects, kept map[string]bool) {
	held := make(map[Member]bool, len(old.Holds))
	for _, m := range old.Holds {
		if kept[m.Set] {
			held[m] = true
		}
	}
	for _, s := range sessions {
		for _, m := range l.membersOf(s) {
			if held[m] {
				delete(held, m)
				continue
			}
			d.elements[m.Set] = append(d.elements[m.Set], m.text()+initialCounter(m.Set, old.Read[m.Addr]))
		}
	}
	gone := map[string][]string{}
	for m := range held {
		gone[m.Set] = append(gone[m.Set], m.text())
	}
	for _, set := range slices.Sorted(maps.Keys(gone)) {
		d.line("delete element %s %s { %s }", d.table, set, strings.Join(slices.Sorted(slices.Values(gone[set])), ", "))
	}
}

// initialCounter is the text of the counter that a new element of the set starts with.
func initialCounter(set string, c Counters) string {
	bytes, packets := c.BytesIn, c.PacketsIn
	switch set {
	case setSent:
	case setReceived:
		bytes, packets = c.BytesOut, c.PacketsOut
	default:
		return ""
	}
	if bytes == 0 && packets == 0 {
		return ""
	}
	return fmt.Sprintf(" counter packets %d bytes %d", packets, bytes)
}

func (d *document) sets(r Ruleset) {
	var devices, clients, workers, workersAny, transit, local []string
	for _, e := range r.Endpoints {
		for _, name := range e.Devices {
			devices = append(devices, quoteName(name))
		}
		clients = append(clients, e.ClientCIDR.String())
		transit = append(transit, fmt.Sprintf("%s : goto %s", e.ClientCIDR, chainTransit(e.ID)))
		local = append(local, fmt.Sprintf("%s : goto %s", e.ClientCIDR, chainLocal(e.ID)))
		for _, port := range e.Workers {
			if e.AnyAddress {
				workersAny = append(workersAny, fmt.Sprintf("%s . %d", e.Transport, port))
				continue
			}
			for _, p := range e.Public {
				workers = append(workers, fmt.Sprintf("%s . %s . %d", p.Addr(), e.Transport, port))
			}
		}
	}
	d.set("set", setDevices, "type ifname", devices)
	d.set("set", setClients, "type ipv4_addr; flags interval", clients)
	d.set("set", setWorkers, "type ipv4_addr . inet_proto . inet_service", workers)
	d.set("set", setWorkersOn, "type inet_proto . inet_service", workersAny)
	d.set("set", setSessions, "type ifname . ipv4_addr", d.elements[setSessions])
	d.set("set", setSent, "type ipv4_addr; counter", d.elements[setSent])
	d.set("set", setReceived, "type ipv4_addr; counter", d.elements[setReceived])
	d.set("map", mapTransit, "type ipv4_addr : verdict; flags interval", transit)
	d.set("map", mapLocal, "type ipv4_addr : verdict; flags interval", local)
}

func (d *document) set(kind, name, typed string, elements []string) {
	d.line("\t%s %s {", kind, name)
	d.line("\t\t%s", typed)
	if len(elements) > 0 {
		elements = slices.Compact(slices.Sorted(slices.Values(elements)))
		d.line("\t\telements = { %s }", strings.Join(elements, ", "))
	}
	d.line("\t}")
}

func (d *document) chain(name string, rules ...string) {
	d.line("\tchain %s {", name)
	for _, r := range rules {
		d.line("\t\t%s", r)
	}
	d.line("\t}")
}

// endpoint writes the chains, sets and maps of one endpoint. Every match on a destination is on the
// original direction of the flow, established or not: revoking a rule then stops both directions
// at the next packet. Matches are ordered by cost: every packet of every client passes these
// chains, and each set lookup is measurable.
func (d *document) endpoint(e Endpoint, clients []netip.Prefix) {
	ranges := vpn.Flatten(e.Rules)
	verdicts := d.grants(e, ranges)
	var peers []string
	if e.ClientToClient {
		peers = []string{e.ClientCIDR.String() + " : goto " + chainPeer(e.ID)}
		d.ranges(mapPeers(e.ID), intersect(ranges, intervals([]netip.Prefix{e.ClientCIDR})), verdicts)
		d.chain(chainPeer(e.ID),
			"ct direction original oifname . ip daddr != @"+setSessions+" drop",
			"ct original ip daddr vmap @"+mapPeers(e.ID),
			"drop")
	}
	var requests, replies []string
	for _, a := range e.Associations {
		members, reached := setMembers(e.ID, a.ID), mapReach(e.ID, a.ID)
		d.set("set", members, "type ifname . ipv4_addr", d.elements[members])
		d.ranges(reached, reachable(ranges, a.Routes, clients), verdicts, peers...)
		requests = append(requests, fmt.Sprintf("iifname . ip saddr @%s ct original ip daddr vmap @%s", members, reached))
		replies = append(replies, fmt.Sprintf("oifname . ip daddr @%s ct original ip daddr vmap @%s", members, reached))
	}
	// A client cannot reply with the address of another client or of a host.
	spoofed := fmt.Sprintf("iifname @%s iifname . ip saddr != @%s drop", setDevices, setSessions)
	d.chain(chainReplies(e.ID), append(append([]string{spoofed}, replies...), "drop")...)
	d.chain(chainRequests(e.ID), append(requests, "drop")...)

	transit := []string{
		"ct direction reply goto " + chainReplies(e.ID),
		// A rule of another program translated the destination to a client's address: that client
		// must have a session.
		fmt.Sprintf("ct status dnat oifname @%s oifname . ip daddr != @%s drop", setDevices, setSessions),
	}
	if len(e.Egress) > 0 {
		names := slices.Concat(e.Egress, e.Devices)
		for i := range names {
			names[i] = quoteName(names[i])
		}
		slices.Sort(names)
		transit = append(transit, fmt.Sprintf("oifname != { %s } drop", strings.Join(slices.Compact(names), ", ")))
	}
	d.chain(chainTransit(e.ID), append(transit, "goto "+chainRequests(e.ID))...)

	local := []string{fmt.Sprintf("ct original ip daddr %s icmp type { echo-request, echo-reply } %s", e.Gateway, d.accept)}
	if named := singleAddresses(e.Rules); len(named) > 0 {
		own := "ct original ip daddr { " + strings.Join(named, ", ") + " } "
		local = append(local, own+"ct direction reply goto "+chainReplies(e.ID), own+"goto "+chainRequests(e.ID))
	}
	d.chain(chainLocal(e.ID), append(local, "drop")...)
}

// ranges writes a map from destinations to the verdicts of their grants, and the elements in others.
func (d *document) ranges(name string, ranges []vpn.Range, verdicts map[string]string, others ...string) {
	elements := others
	for _, r := range ranges {
		elements = append(elements, addressRange(r.First, r.Last)+" : "+verdicts[grantKey(r.Grant)])
	}
	d.set("map", name, "type ipv4_addr : verdict; flags interval", elements)
}

// grants writes one chain for each distinct grant to groups, and the sets of those groups. It returns
// the verdict of every grant that occurs, by grantKey.
func (d *document) grants(e Endpoint, ranges []vpn.Range) (verdicts map[string]string) {
	verdicts = map[string]string{}
	groups := map[string]bool{}
	for _, r := range ranges {
		key := grantKey(r.Grant)
		if verdicts[key] != "" {
			continue
		}
		if r.Grant.All {
			verdicts[key] = d.accept
			continue
		}
		chain := fmt.Sprintf("%s_%d", chainGrant(e.ID), len(verdicts))
		verdicts[key] = "goto " + chain
		var rules []string
		for _, g := range r.Grant.Groups {
			groups[g] = true
			rules = append(rules, "ct original ip saddr @"+setGroup(e.ID, g)+" "+d.accept)
		}
		// The sets are declared after this chain; within one table block nft takes declarations
		// in any order.
		d.chain(chain, append(rules, "drop")...)
	}
	for _, g := range slices.Sorted(maps.Keys(groups)) {
		d.set("set", setGroup(e.ID, g), "type ipv4_addr", d.elements[setGroup(e.ID, g)])
	}
	return verdicts
}

// grantKey is equal for equal grants only: no group is named by the empty string.
func grantKey(g vpn.Grant) string {
	if g.All {
		return ""
	}
	return strings.Join(g.Groups, "\x00") + "\x00"
}

// singleAddresses returns the destinations that are exactly one address. Only such a rule opens an
// address of the host itself.
func singleAddresses(rules []vpn.DesiredRule) []string {
	var out []string
	for _, r := range rules {
		if r.Destination.IsSingleIP() {
			out = append(out, r.Destination.Addr().String())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func addressRange(first, last netip.Addr) string {
	if first == last {
		return first.String()
	}
	return first.String() + "-" + last.String()
}

func quoteName(name string) string { return `"` + name + `"` }
