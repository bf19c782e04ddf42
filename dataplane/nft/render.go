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

// Objects are the named things of a table that a rebuild must take away or keep up to date.
// The zero value describes a table that does not exist.
type Objects struct {
	Chains, Sets, Maps []string
	// Holds is what sets that follow sessions hold, where that is known for the whole of a set: such
	// a set stays and is given the difference. It must be known for those that count.
	Holds []Member
	// Read is what a counter begins with that is not there.
	Read map[netip.Addr]Counters
}

// Render gives the text of one nft transaction that makes the table called name hold exactly
// this ruleset and these sessions, whatever of ours (old) it held before. Counters of sessions
// that stay are not touched.
func Render(name string, r Ruleset, sessions []Session, old Objects) []byte {
	d := document{table: "inet " + name, elements: map[string][]string{}}
	placing := newPlacing(r)
	stay := old.stay(placing)
	d.clear(old, stay)
	d.members(placing, sessions, old, stay)
	d.line("table %s {", d.table)
	d.sets(r)
	clients := make([]netip.Prefix, len(r.Endpoints))
	for i, e := range r.Endpoints {
		clients[i] = e.ClientCIDR
	}
	for _, e := range r.Endpoints {
		d.endpoint(e, clients)
	}
	d.judges()
	d.hooks(r)
	d.line("}")
	return d.Bytes()
}

// document is the text under construction. Sets are declared with their elements, so elements
// are collected by set first.
type document struct {
	bytes.Buffer
	table    string
	elements map[string][]string
}

func (d *document) line(format string, args ...any) {
	fmt.Fprintf(d, format, args...)
	d.WriteByte('\n')
}

// clear takes the old rules and everything that only they need away. Rules go first: nothing
// that a rule names can be deleted. Base chains stay where they are, empty until the end of the
// same transaction, so that a packet sees either all of the old or all of the new.
func (d *document) clear(old Objects, stay map[string]bool) {
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
		if !stay[s] {
			d.line("delete set %s %s", d.table, s)
		}
	}
}

// stay tells which sets the next rules want as well and need not be filled again; a thousand
// clients are then not written once more for each rule that somebody changes.
func (o Objects) stay(p placing) map[string]bool {
	out, wanted := map[string]bool{}, p.sets()
	for _, set := range counterSets {
		out[set] = true
	}
	for _, m := range o.Holds {
		if !out[m.Set] {
			_, out[m.Set] = slices.BinarySearch(wanted, m.Set)
		}
	}
	return out
}

// members sorts the sessions into the sets that they belong to, and takes out of those that stay
// what they hold too much.
func (d *document) members(p placing, sessions []Session, old Objects, stay map[string]bool) {
	held := make(map[Member]bool, len(old.Holds))
	for _, m := range old.Holds {
		if stay[m.Set] {
			held[m] = true
		}
	}
	for _, s := range sessions {
		for _, m := range p.of(s) {
			if held[m] {
				delete(held, m)
				continue
			}
			d.elements[m.Set] = append(d.elements[m.Set], m.text()+beginning(m.Set, old.Read[m.Addr]))
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

// beginning is what an element's counter starts with.
func beginning(set string, c Counters) string {
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
			devices = append(devices, quote(name))
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

// endpoint writes what one endpoint allows. Every match on a destination is on the original
// direction of the flow, established or not: taking a rule away then stops both directions at the
// next packet. The order of questions is that of their cost: these chains are passed by every
// packet of every client, and each look into a set is felt.
func (d *document) endpoint(e Endpoint, clients []netip.Prefix) {
	ranges := vpn.Flatten(e.Rules)
	verdicts := d.grants(e, ranges)
	var peers []string
	if e.ClientToClient {
		peers = []string{e.ClientCIDR.String() + " : goto " + chainPeers(e.ID)}
		d.ranges(mapPeers(e.ID), within(ranges, stretches([]netip.Prefix{e.ClientCIDR})), verdicts)
		d.chain(chainPeers(e.ID),
			"ct direction original oifname . ip daddr != @"+setSessions+" drop",
			"ct original ip daddr vmap @"+mapPeers(e.ID),
			"drop")
	}
	var asks, answers []string
	for _, a := range e.Associations {
		members, reached := setMembers(e.ID, a.ID), mapReach(e.ID, a.ID)
		d.set("set", members, "type ifname . ipv4_addr", d.elements[members])
		d.ranges(reached, reach(ranges, a.Routes, clients), verdicts, peers...)
		asks = append(asks, fmt.Sprintf("iifname . ip saddr @%s ct original ip daddr vmap @%s", members, reached))
		answers = append(answers, fmt.Sprintf("oifname . ip daddr @%s ct original ip daddr vmap @%s", members, reached))
	}
	// A client cannot answer in another one's name, nor in that of a host.
	spoofed := fmt.Sprintf("iifname @%s iifname . ip saddr != @%s drop", setDevices, setSessions)
	d.chain(chainAnswers(e.ID), append(append([]string{spoofed}, answers...), "drop")...)
	d.chain(chainAsks(e.ID), append(asks, "drop")...)

	transit := []string{
		"ct direction reply goto " + chainAnswers(e.ID),
		// Somebody else's address translation led the packet to a client: to one that is there.
		fmt.Sprintf("ct status dnat oifname @%s oifname . ip daddr != @%s drop", setDevices, setSessions),
	}
	if len(e.Egress) > 0 {
		names := slices.Concat(e.Egress, e.Devices)
		for i := range names {
			names[i] = quote(names[i])
		}
		slices.Sort(names)
		transit = append(transit, fmt.Sprintf("oifname != { %s } drop", strings.Join(slices.Compact(names), ", ")))
	}
	d.chain(chainTransit(e.ID), append(transit, "goto "+chainAsks(e.ID))...)

	local := []string{fmt.Sprintf("ct original ip daddr %s icmp type { echo-request, echo-reply } accept", e.Gateway)}
	if named := single(e.Rules); len(named) > 0 {
		own := "ct original ip daddr { " + strings.Join(named, ", ") + " } "
		local = append(local, own+"ct direction reply goto "+chainAnswers(e.ID), own+"goto "+chainAsks(e.ID))
	}
	d.chain(chainLocal(e.ID), append(local, "drop")...)
}

// ranges writes a map from destinations to verdicts, those of grants and others.
func (d *document) ranges(name string, ranges []vpn.Range, verdicts map[string]string, others ...string) {
	elements := others
	for _, r := range ranges {
		elements = append(elements, span(r.First, r.Last)+" : "+verdicts[grantKey(r.Grant)])
	}
	d.set("map", name, "type ipv4_addr : verdict; flags interval", elements)
}

// grants writes one chain for each distinct grant to groups, with the sets of those groups, and
// gives the verdict of every grant that occurs by its key.
func (d *document) grants(e Endpoint, ranges []vpn.Range) (verdicts map[string]string) {
	verdicts = map[string]string{}
	groups := map[string]bool{}
	for _, r := range ranges {
		key := grantKey(r.Grant)
		if verdicts[key] != "" {
			continue
		}
		if r.Grant.All {
			verdicts[key] = "accept"
			continue
		}
		chain := fmt.Sprintf("%s_%d", chainGrants(e.ID), len(verdicts))
		verdicts[key] = "goto " + chain
		var rules []string
		for _, g := range r.Grant.Groups {
			groups[g] = true
			rules = append(rules, "ct original ip saddr @"+setGroup(e.ID, g)+" accept")
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

// single gives the destinations that name exactly one address: the only way to open an address
// of the host itself.
func single(rules []vpn.DesiredRule) []string {
	var out []string
	for _, r := range rules {
		if r.Destination.IsSingleIP() {
			out = append(out, r.Destination.Addr().String())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func span(first, last netip.Addr) string {
	if first == last {
		return first.String()
	}
	return first.String() + "-" + last.String()
}

func quote(name string) string { return `"` + name + `"` }
