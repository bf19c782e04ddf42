package nft

import (
	"fmt"
	"slices"
	"strings"

	"sallyport/dataplane/host"
)

// judges writes the chains that packets between clients and the host itself pass before an
// endpoint's own.
func (d *document) judges() {
	// Only live clients open flows, and only live clients are answered. In hooks without an
	// incoming or outgoing device its name is empty, which is in no set: what the host itself
	// opens, and what answers it, is dropped.
	d.chain("visiting",
		"meta nfproto != ipv4 drop",
		"ct state invalid,untracked drop",
		"ct direction original iifname . ip saddr != @"+setSessions+" drop",
		"ct direction reply oifname . ip daddr != @"+setSessions+" drop",
		"ct original ip saddr vmap @"+mapLocal,
		"drop")
	// The host's own errors (fragmentation needed, time exceeded) often belong to a packet
	// whose flow was never confirmed, so connection tracking cannot place them. Redirects are
	// never sent: with two clients on one device the kernel would tell them to talk directly.
	d.chain("leaving",
		"meta nfproto != ipv4 drop",
		"oifname . ip daddr != @"+setSessions+" drop",
		"icmp type redirect drop",
		"icmp type { destination-unreachable, time-exceeded, parameter-problem } accept",
		"goto visiting",
	)
}

// Most packets of a host are none of ours: the beginning of a name tells so for less than a look
// into a set takes. The state of a flow is a number, costs less than a name, and is asked for before it.
const (
	fromPrefix = `iifname "` + host.DevicePrefix + `*"`
	toPrefix   = `oifname "` + host.DevicePrefix + `*"`
	fromTun    = fromPrefix + " iifname @" + setDevices
	toTun      = toPrefix + " oifname @" + setDevices
)

// hooks writes the base chains. All have policy accept: only what a line names is judged.
func (d *document) hooks(r Ruleset) {
	// Before any address translation: a destination that is the host's own must be named by a rule
	// even where somebody else's dnat would lead it on to a container, from the first packet on and,
	// where a rule is taken away, no further.
	d.chain("arriving", "type filter hook prerouting priority mangle; policy accept;",
		"ct state new "+fromTun+" fib daddr type local goto visiting",
		"ct status dnat ct direction original "+fromTun+" fib daddr type local goto visiting")

	forwarding := []string{"type filter hook forward priority filter; policy accept;",
		// Answers too: one to a client that is gone must not follow the default route out. What is
		// invalid, untracked or not IPv4 has no such address and is met by the next lines.
		"ct original ip saddr vmap @" + mapTransit,
		fromTun + " drop",
		toTun + " drop",
		"ip daddr @" + setClients + " drop",
	}
	if names := slices.Sorted(slices.Values(r.HostForwarding)); len(names) > 0 {
		for i := range names {
			names[i] = quote(names[i])
		}
		forwarding = append(forwarding, "iifname { "+strings.Join(slices.Compact(names), ", ")+" } drop")
	}
	d.chain("forwarding", forwarding...)

	input := []string{"type filter hook input priority filter; policy accept;", fromTun + " goto visiting",
		"ct status dnat accept"} // workers are reached through the public port only
	if slices.ContainsFunc(r.Endpoints, func(e Endpoint) bool { return len(e.Workers) > 0 && !e.AnyAddress }) {
		input = append(input, "ip daddr . meta l4proto . th dport @"+setWorkers+" drop")
	}
	if slices.ContainsFunc(r.Endpoints, func(e Endpoint) bool { return len(e.Workers) > 0 && e.AnyAddress }) {
		input = append(input, "meta nfproto ipv4 meta l4proto . th dport @"+setWorkersOn+" drop")
	}
	d.chain("input", input...)
	output := []string{"type filter hook output priority filter; policy accept;"}
	if r.Workers != (UIDs{}) {
		output = append(output, fmt.Sprintf("ct direction original meta skuid %d-%d drop", r.Workers.First, r.Workers.Last))
	}
	d.chain("output", append(output,
		toTun+" goto leaving",
		"ip daddr @"+setClients+` oifname != "lo" drop`)...)

	public := []string{"type nat hook prerouting priority dstnat; policy accept;", fromTun + " accept"}
	masquerade := []string{"type nat hook postrouting priority srcnat; policy accept;"}
	for _, e := range r.Endpoints {
		for _, p := range e.Public {
			public = append(public, fmt.Sprintf("ip daddr %s %s dport %d dnat ip to %s:%s", p.Addr(), e.Transport, p.Port(), p.Addr(), e.deal()))
		}
		if e.SourceNAT {
			masquerade = append(masquerade, fmt.Sprintf("ip saddr %s oifname != @%s masquerade", e.ClientCIDR, setDevices))
		}
	}
	d.chain("publicport", public...)
	d.chain("sourcenat", masquerade...)

	// Counted after every chain that judges, and before the source is translated. A client's address
	// is let through by its own device alone, so which of our devices it is need not be asked for.
	d.chain("counting", "type filter hook postrouting priority srcnat - 1; policy accept;",
		fromPrefix+" ip saddr @"+setSent, toPrefix+" ip daddr @"+setReceived)
	d.chain("countinput", "type filter hook input priority 300; policy accept;", fromPrefix+" ip saddr @"+setSent)
}

// deal is the port expression that picks a worker for a client.
func (e Endpoint) deal() string {
	if len(e.Workers) == 1 {
		return fmt.Sprint(e.Workers[0])
	}
	cases := make([]string, len(e.Workers))
	for i, port := range e.Workers {
		cases[i] = fmt.Sprintf("%d : %d", i, port)
	}
	return fmt.Sprintf("jhash ip saddr mod %d seed 0x%08x map { %s }", len(cases), e.HashSeed, strings.Join(cases, ", "))
}
