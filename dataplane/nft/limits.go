package nft

import "fmt"

// Limits bound what one address may take of what all share. 0 is no limit.
type Limits struct {
	// NewFlows is how many flows to public ports one source address may open in a second, and
	// NewFlowsBurst how many at once before that counts: an office behind one address that returns
	// as a whole. Only packets of flows that no worker has answered count.
	NewFlows, NewFlowsBurst int
	// ClientFlows is how many flows one VPN client may have in connection tracking.
	ClientFlows int
}

// DefaultLimits let an office of 500 clients behind one address connect at once. A half-open
// handshake takes some 300 kB of a worker for up to three minutes.
var DefaultLimits = Limits{NewFlows: 5, NewFlowsBurst: 500, ClientFlows: 4000}

const (
	// limitedSources is how many addresses a limiting set holds. Where it is full, addresses that it
	// does not hold share one limit (unlisted), so that forged addresses do not lift it.
	limitedSources = 65535
	// allNewFlows bounds new flows of all sources together: at 40 µs for a packet that no key fits,
	// and 30 s in connection tracking for each, floods from forged addresses take 4 % of a worker's
	// core and 30,000 entries. Sources that open few have this bound for themselves, so that a new client
	// gets in beside hosts that each open as many as they may.
	allNewFlows = "1000/second burst 2000 packets"
	fewNewFlows = "20/minute burst 10 packets"
	unlisted    = "100/second burst 200 packets"
	// handshakes are packets that are no data: some 15 for a login, a few more each hour. A flow that
	// was answered once is not new, so garbage in it is bounded here.
	handshakes = "200/second burst 10000 packets"
)

// limits writes the sets and the chain of the limits. They are there without limits too, since
// they outlive a rebuild.
func (d *document) limits(r Ruleset) {
	var public []string
	for _, e := range r.Endpoints {
		for _, p := range e.Public {
			public = append(public, fmt.Sprintf("%s . %s . %d", p.Addr(), e.Transport, p.Port()))
		}
	}
	d.set("set", setPublic, "type ipv4_addr . inet_proto . inet_service", public)
	for _, set := range []string{setNewFlows, setFewFlows, setHandshakes} {
		d.set("set", set, fmt.Sprintf("type ipv4_addr; size %d; flags dynamic,timeout; timeout 2m", limitedSources), nil)
	}
	d.set("set", setClientFlows, fmt.Sprintf("type ipv4_addr; size %d; flags dynamic", limitedSources), nil)
	if r.Limits.NewFlows > 0 {
		d.chain(chainNewFlows,
			fmt.Sprintf("update @%s { ip saddr limit rate over %d/second burst %d packets } drop", setNewFlows, r.Limits.NewFlows, max(1, r.Limits.NewFlowsBurst)),
			// Not "@… return": a look-up that finds the element takes one of its packets too.
			"ip saddr != @"+setNewFlows+" limit rate over "+unlisted+" drop",
			fmt.Sprintf("update @%s { ip saddr limit rate %s } goto %s", setFewFlows, fewNewFlows, chainFewFlows),
			"limit rate over "+allNewFlows+" drop")
		d.chain(chainFewFlows, "limit rate over "+allNewFlows+" drop")
	}
	d.handshakePace(r.Limits)
}

// arriving are the rules of the limits at the hook prerouting, before any address translation: what
// they drop takes no entry of connection tracking.
func (l Limits) arriving() []string {
	var rules []string
	if l.NewFlows > 0 {
		rules = append(rules, "ct state new ip daddr . meta l4proto . th dport @"+setPublic+" jump "+chainNewFlows)
	}
	if l.ClientFlows > 0 {
		rules = append(rules, fmt.Sprintf("ct state new %s add @%s { ip saddr ct count over %d } drop", fromTun, setClientFlows, l.ClientFlows))
	}
	return rules
}
