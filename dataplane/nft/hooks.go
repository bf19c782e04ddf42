package nft

import (
	"fmt"
	"slices"
	"strings"

	"sallyport/dataplane/host"
)

// hostPolicy writes the chains that packets between clients and the host itself pass before those
// of an endpoint.
func (d *document) hostPolicy() {
	// Only clients with a session open flows and receive replies. In hooks without an incoming or
	// outgoing device its name is empty, and no set contains that: flows that the host opens to
	// clients, and their replies, are dropped.
	d.chain(chainIngress,
		"meta nfproto != ipv4 drop",
		"ct state invalid,untracked drop",
		"ct direction original iifname . ip saddr != @"+setSessions+" drop",
		"ct direction reply oifname . ip daddr != @"+setSessions+" drop",
		"ct original ip saddr vmap @"+mapLocal,
		"drop")
	// The host's ICMP errors (fragmentation needed, time exceeded) often belong to a packet whose
	// flow was never confirmed, so connection tracking does not know the flow. Redirects are
	// dropped: with two clients on one device the kernel would tell them to talk directly.
	d.chain(chainEgress,
		"meta nfproto != ipv4 drop",
		"oifname . ip daddr != @"+setSessions+" drop",
		"icmp type redirect drop",
		"icmp type { destination-unreachable, time-exceeded, parameter-problem } "+d.accept,
		"goto "+chainIngress,
	)
}

// Most packets of a host use other devices: comparing the prefix of a name costs less than a set
// lookup. The state of a flow is a number, costs less than a name and is compared first.
const (
	fromPrefix = `iifname "` + host.DevicePrefix + `*"`
	toPrefix   = `oifname "` + host.DevicePrefix + `*"`
	fromTun    = fromPrefix + " iifname @" + setDevices
	toTun      = toPrefix + " oifname @" + setDevices
)

// hooks writes the base chains. All have policy accept: they drop only what a rule matches.
func (d *document) hooks(r Ruleset) {
	// Before any address translation: an address of the host must be named by a rule even where
	// another program's dnat forwards it to a container. That holds for the first packet and, after
	// the rule was revoked, for each later one.
	arriving := append([]string{"type filter hook prerouting priority mangle; policy accept;"}, r.Limits.arriving()...)
	d.chain("prerouting", append(arriving,
		"ct state new "+fromTun+" fib daddr type local goto "+chainIngress,
		"ct status dnat ct direction original "+fromTun+" fib daddr type local goto "+chainIngress)...)

	forwarding := []string{"type filter hook forward priority filter; policy accept;",
		// Replies too: a reply to a client whose session ended must not leave by the default route.
		// Packets that are invalid, untracked or not IPv4 have no original address; the next rules
		// drop them.
		"ct original ip saddr vmap @" + mapTransit,
		fromTun + " drop",
		toTun + " drop",
		"ip daddr @" + setClients + " drop",
	}
	if names := slices.Sorted(slices.Values(r.HostForwarding)); len(names) > 0 {
		for i := range names {
			names[i] = quoteName(names[i])
		}
		forwarding = append(forwarding, "iifname { "+strings.Join(slices.Compact(names), ", ")+" } drop")
	}
	d.chain("forwarding", forwarding...)

	input := []string{"type filter hook input priority filter; policy accept;", fromTun + " goto " + chainIngress}
	input = append(input, r.limitHandshakes()...)
	input = append(input, "ct status dnat accept") // workers are reached through the public port only
	if slices.ContainsFunc(r.Endpoints, func(e Endpoint) bool { return len(e.Workers) > 0 && !e.AnyAddress }) {
		input = append(input, "ip daddr . meta l4proto . th dport @"+setWorkers+" drop")
	}
	if slices.ContainsFunc(r.Endpoints, func(e Endpoint) bool { return len(e.Workers) > 0 && e.AnyAddress }) {
		input = append(input, "meta nfproto ipv4 meta l4proto . th dport @"+setWorkersOn+" drop")
	}
	d.chain("input", input...)
	output := []string{"type filter hook output priority filter; policy accept;"}
	if r.Workers != (UIDs{}) {
		worker := fmt.Sprintf("meta skuid %d-%d ", r.Workers.First, r.Workers.Last)
		output = append(output, "ct direction original "+worker+"drop")
		// A worker replies in flows that came through the public port alone: a process of its uid that
		// listens on a port of its own is not reached. The status is a number and is compared first,
		// since the owner of a packet costs a lock.
		output = append(output, "ct status & dnat == 0 "+worker+"drop")
	}
	d.chain("output", append(output,
		toTun+" goto "+chainEgress,
		"ip daddr @"+setClients+` oifname != "lo" drop`)...)

	public := []string{"type nat hook prerouting priority dstnat; policy accept;", fromTun + " accept"}
	masquerade := []string{"type nat hook postrouting priority srcnat; policy accept;"}
	for _, e := range r.Endpoints {
		for _, p := range e.Public {
			public = append(public, fmt.Sprintf("ip daddr %s %s dport %d dnat ip to %s:%s", p.Addr(), e.Transport, p.Port(), p.Addr(), e.balance()))
		}
		if e.SourceNAT {
			masquerade = append(masquerade, fmt.Sprintf("ip saddr %s oifname != @%s masquerade", e.ClientCIDR, setDevices))
		}
	}
	d.chain("publicport", public...)
	d.chain("sourcenat", masquerade...)

	// Counted after every chain that drops, and before the source is translated. The chains before
	// accept a client's address on its own device only, so the device needs no second match.
	d.chain("counting", "type filter hook postrouting priority srcnat - 1; policy accept;",
		fromPrefix+" ip saddr @"+setSent, toPrefix+" ip daddr @"+setReceived)
	d.chain("countinput", "type filter hook input priority 300; policy accept;", fromPrefix+" ip saddr @"+setSent)
}

// balance returns the nft expression that picks the port of a worker by the client's address.
func (e Endpoint) balance() string {
	if len(e.Workers) == 1 {
		return fmt.Sprint(e.Workers[0])
	}
	cases := make([]string, len(e.Workers))
	for i, port := range e.Workers {
		cases[i] = fmt.Sprintf("%d : %d", i, port)
	}
	return fmt.Sprintf("jhash ip saddr mod %d seed 0x%08x map { %s }", len(cases), e.HashSeed, strings.Join(cases, ", "))
}
