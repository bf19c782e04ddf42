package nft

import (
	"fmt"

	"sallyport/vpn"
)

// A worker is one thread and takes about a millisecond to begin a handshake, so handshakes begin at a pace:
// packets of its other clients wait behind a few of them at most.
//
// Over UDP a worker keeps nothing of a client before the client's second packet, which proves that the client
// has the endpoint's key and receives at its address. These second packets are what is paced, in flows that
// the worker has answered. The limits of new flows count first packets, which anybody can send; garbage
// without the key has no answer, so it does not use up the pace. A client whose second packet was dropped sends
// it again after 2 and 6 s. One older than OpenVPN 2.6 acknowledges the worker's reply only once; where that
// packet was dropped it begins anew when the time for its attempt is over, as after any loss of that packet.
const (
	// seldom is what each source address may begin beside a flood, so that a new client gets in, and
	// seldomPace how much of that one worker is handed.
	seldom, seldomPace = "30/minute burst 5 packets", "200/second burst 15 packets"
	// beginPace is that of the other handshakes of one worker. In the half minute after which a handshake
	// that was left ends, it does not fill a worker with the addresses of a /22.
	beginPace = "30/second burst 25 packets"
	// An office that returns as a whole may begin faster: 500 clients are in after the second repetition of
	// their packets, and others wait for 0.2 s once. The worker has a reserve for that, which is as large
	// as the burst of new flows and fills as slowly.
	crowdPace = "100/second burst 150 packets"
	// begunTime is how long a flow whose handshake began is not counted again. It is less than
	// handshakeTime, after which a handshake that was left ends, so that the next one in its flow counts.
	begunTime = "10s"
	// unanswered bounds packets that continue a handshake in flows that no worker has answered: those of
	// clients whose flow was forgotten, until a data packet of theirs is answered, and garbage.
	unanswered = "20/second burst 20 packets"
)

// The opcode of a packet of OpenVPN is its first five bits.
const (
	packetOpcode = "@th,64,5"
	firstOpcodes = "{ 7, 10 }" // P_CONTROL_HARD_RESET_CLIENT_V2 and V3
	dataOpcode   = 9           // P_DATA_V2
)

// handshakePace writes the sets and chains of the pace. Where a set of addresses is full, those that it does
// not hold have no share of their own, and each of their packets counts.
func (d *document) handshakePace(l Limits) {
	const clientsFlow = "ip saddr . udp sport"
	dynamic := func(set, typed, timeout string) {
		d.set("set", set, fmt.Sprintf("type %s; size %d; flags dynamic,timeout; timeout %s", typed, limitedSources, timeout), nil)
	}
	dynamic(setSeldom, "ipv4_addr", "2m")
	dynamic(setBegun, "ipv4_addr . inet_service", begunTime)
	for _, set := range []string{setSeldomPace, setBeginPace, setCrowdPace, setCrowdReserve} {
		dynamic(set, "inet_service", "5m")
	}
	if l.NewFlows == 0 {
		return
	}
	d.chain(chainHandshake,
		fmt.Sprintf("update @%s { ip saddr limit rate over %s } drop", setHandshakes, handshakes),
		fmt.Sprintf("%s %s delete @%s { %s } return", packetOpcode, firstOpcodes, setBegun, clientsFlow), // another handshake follows
		fmt.Sprintf("%s @%s return", clientsFlow, setBegun),
		"ct state new limit rate over "+unanswered+" drop",
		"ct state new return",
		fmt.Sprintf("update @%s { ip saddr limit rate %s } update @%s { udp dport limit rate %s } goto %s", setSeldom, seldom, setSeldomPace, seldomPace, chainBegin),
		fmt.Sprintf("update @%s { udp dport limit rate %s } goto %s", setBeginPace, beginPace, chainBegin),
		// What the pace refuses takes nothing of the reserve.
		fmt.Sprintf("update @%s { udp dport limit rate %s } update @%s { udp dport limit rate %d/second burst %d packets } goto %s",
			setCrowdPace, crowdPace, setCrowdReserve, l.NewFlows, max(1, l.NewFlowsBurst), chainBegin),
		"drop")
	d.chain(chainBegin, fmt.Sprintf("add @%s { %s }", setBegun, clientsFlow))
}

// limitHandshakes are the rules at the hook input for packets to workers that are no data.
func (r Ruleset) limitHandshakes() []string {
	first, last := uint16(0), uint16(0)
	for _, e := range r.Endpoints {
		for _, port := range e.Workers {
			if e.Transport == vpn.UDP && (first == 0 || port < first) {
				first = port
			}
			if e.Transport == vpn.UDP {
				last = max(last, port)
			}
		}
	}
	if r.Limits.NewFlows == 0 || first == 0 {
		return nil
	}
	return []string{fmt.Sprintf("ct status dnat udp dport %d-%d %s != %d jump %s", first, last, packetOpcode, dataOpcode, chainHandshake)}
}
