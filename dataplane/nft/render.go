package nft

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"sallyport/vpn"
)

// Objects are the named things of a table that a rebuild must take away or keep up to date.
// The zero value describes a table that does not exist.
type Objects struct {
	Chains, Sets, Maps []string
	// Counted are the addresses that each counter set holds.
	Counted map[string][]netip.Addr
}

// Render gives the text of one nft transaction that makes the table called name hold exactly
// this ruleset and these sessions, whatever of ours (old) it held before. Counters of sessions
// that stay are not touched.
func Render(name string, r Ruleset, sessions []Session, old Objects) []byte {
	d := document{table: "inet " + name, elements: map[string][]string{}}
	d.clear(old)
	d.members(r, sessions, old)
	d.line("table %s {", d.table)
	d.sets(r)
	for _, e := range r.Endpoints {
		d.endpoint(e)
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
func (d *document) clear(old Objects) {
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
		if !slices.Contains(counterSets, s) {
			d.line("delete set %s %s", d.table, s)
		}
	}
}

// members sorts the sessions into the sets that they belong to.
func (d *document) members(r Ruleset, sessions []Session, old Objects) {
	live, placing := map[netip.Addr]bool{}, newPlacing(r)
	for _, s := range sessions {
		for _, m := range placing.of(s) {
			live[s.Addr] = true
			d.elements[m.set] = append(d.elements[m.set], m.text())
		}
	}
	for _, set := range counterSets {
		var gone []string
		for _, a := range old.Counted[set] {
			if !live[a] {
				gone = append(gone, a.String())
			}
		}
		if len(gone) > 0 {
			d.line("delete element %s %s { %s }", d.table, set, strings.Join(gone, ", "))
		}
	}
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

// endpoint writes what one endpoint allows. Every match is on the original direction of the
// flow, established or not: taking a rule away then stops both directions at the next packet.
func (d *document) endpoint(e Endpoint) {
	ranges := vpn.Flatten(e.Rules)
	grants, verdicts := d.grants(e, ranges)
	d.set("map", mapGrants(e.ID), "type ipv4_addr : verdict; flags interval", verdicts)
	for _, g := range slices.Sorted(maps.Keys(grants)) {
		d.set("set", setGroup(e.ID, g), "type ipv4_addr", d.elements[setGroup(e.ID, g)])
	}
	d.chain(chainGrants(e.ID), "ct original ip daddr vmap @"+mapGrants(e.ID), "drop")

	var transit []string
	if e.ClientToClient {
		transit = append(transit, fmt.Sprintf("ct original ip daddr %s goto %s", e.ClientCIDR, chainGrants(e.ID)))
	}
	transit = append(transit, "ct original ip daddr @"+setClients+" drop")
	if len(e.Egress) > 0 {
		names := slices.Clone(e.Egress)
		for i := range names {
			names[i] = strconv.Quote(names[i])
		}
		slices.Sort(names)
		// Answers come the other way, and packets to the host itself leave by nothing.
		transit = append(transit, fmt.Sprintf("iifname @%s oifname != { %s } drop", setDevices, strings.Join(slices.Compact(names), ", ")))
	}
	for _, a := range e.Associations {
		d.set("set", setRoutes(e.ID, a.ID), "type ipv4_addr; flags interval", texts(widest(a.Routes)))
		d.set("set", setMembers(e.ID, a.ID), "type ipv4_addr", d.elements[setMembers(e.ID, a.ID)])
		transit = append(transit, fmt.Sprintf("ct original ip saddr @%s ct original ip daddr @%s goto %s",
			setMembers(e.ID, a.ID), setRoutes(e.ID, a.ID), chainGrants(e.ID)))
	}
	d.chain(chainTransit(e.ID), append(transit, "drop")...)

	local := []string{fmt.Sprintf("ct original ip daddr %s icmp type { echo-request, echo-reply } accept", e.Gateway)}
	if named := single(e.Rules); len(named) > 0 {
		local = append(local, fmt.Sprintf("ct original ip daddr { %s } goto %s", strings.Join(named, ", "), chainTransit(e.ID)))
	}
	d.chain(chainLocal(e.ID), append(local, "drop")...)
}

// grants writes one chain for each distinct set of groups and gives the map's elements, with
// the groups that occur.
func (d *document) grants(e Endpoint, ranges []vpn.Range) (groups map[string]bool, verdicts []string) {
	groups = map[string]bool{}
	chains := map[string]string{}
	for _, r := range ranges {
		verdict := "accept"
		if !r.Grant.All {
			sets := make([]string, 0, len(r.Grant.Groups)+1)
			for _, g := range r.Grant.Groups {
				groups[g] = true
				sets = append(sets, "ct original ip saddr @"+setGroup(e.ID, g)+" accept")
			}
			key := strings.Join(sets, "\n")
			if _, ok := chains[key]; !ok {
				chains[key] = fmt.Sprintf("%s_%d", chainGrants(e.ID), len(chains))
				// The sets are declared after this chain; within one table block nft takes
				// declarations in any order.
				d.chain(chains[key], append(sets, "drop")...)
			}
			verdict = "goto " + chains[key]
		}
		verdicts = append(verdicts, span(r.First, r.Last)+" : "+verdict)
	}
	return groups, verdicts
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

// widest drops the prefixes that another one contains: interval sets refuse overlaps.
func widest(routes []netip.Prefix) []netip.Prefix {
	sorted := slices.Clone(routes)
	slices.SortFunc(sorted, func(a, b netip.Prefix) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits()
	})
	var out []netip.Prefix
	for _, p := range sorted {
		if n := len(out); n > 0 && out[n-1].Overlaps(p) {
			continue
		}
		out = append(out, p)
	}
	return out
}

func texts(prefixes []netip.Prefix) []string {
	out := make([]string, len(prefixes))
	for i, p := range prefixes {
		out[i] = p.String()
	}
	return out
}

func span(first, last netip.Addr) string {
	if first == last {
		return first.String()
	}
	return first.String() + "-" + last.String()
}

func quote(name string) string { return `"` + name + `"` }
