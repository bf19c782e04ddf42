package nft

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"sallyport/vpn"
)

// The objects that Apply keeps: base chains, so that every hook always has its chain, and the two
// counter sets, because replacing a set resets its counters. The names of the counter sets must
// not change: a table of an earlier version is taken over with its counters.
var (
	baseChains  = []string{"prerouting", "forwarding", "input", "output", "publicport", "sourcenat", "counting", "countinput"}
	counterSets = []string{setSent, setReceived}
	// limitSets are filled by packets. They outlive a rebuild too: to replace one is to forget who sent
	// how much.
	limitSets = []string{setNewFlows, setFewFlows, setHandshakes, setClientFlows, setSeldom, setSeldomPace, setBeginPace, setCrowdPace, setCrowdReserve, setBegun}
)

// Chains that packets between clients and the host itself pass before those of an endpoint.
const (
	chainIngress = "ingress" // from a client to the host
	chainEgress  = "egress"  // from the host to a client
)

const (
	setSessions  = "sessions"   // device . address of every live client
	setSent      = "sent"       // counted: what clients sent
	setReceived  = "received"   // counted: what clients received
	setDevices   = "tuns"       // our tun devices
	setClients   = "clients"    // the client ranges of all endpoints
	setWorkers   = "workers"    // address . protocol . port of workers bound to one address
	setWorkersOn = "workersany" // protocol . port of workers bound to every address
	mapTransit   = "transit"    // client range : chain for packets that the host forwards
	mapLocal     = "local"      // client range : chain for packets to or from the host itself

	setPublic      = "public"      // address . protocol . port that clients dial
	setNewFlows    = "newflows"    // source addresses that open flows to a public port
	setFewFlows    = "fewflows"    // source addresses that open few of them
	setHandshakes  = "handshakes"  // source addresses that send other packets than data to workers
	setClientFlows = "clientflows" // clients, with the number of their flows

	setSeldom       = "seldom"       // source addresses, with the handshakes that each may begin in any case
	setSeldomPace   = "seldompace"   // ports of workers, with the pace of those
	setBeginPace    = "beginpace"    // ports of workers, with the pace of other handshakes that begin
	setCrowdPace    = "crowdpace"    // ports of workers, with the pace of a crowd
	setCrowdReserve = "crowdreserve" // ports of workers, with what is left for crowds
	setBegun        = "begun"        // address . port of clients whose handshake began a moment ago

	chainAccepted  = "accepted"  // marks a packet that a rule lets pass
	chainNewFlows  = "newflow"   // limits new flows to a public port
	chainFewFlows  = "fewflow"   // limits those of sources that open few
	chainHandshake = "handshake" // limits what a client sends to a worker that is no data
	chainBegin     = "begin"     // notes the flow of a handshake that may begin
)

// uniquePart returns the digits of an identifier that was checked before.
func uniquePart(id string) string { return id[strings.LastIndexByte(id, '-')+1:] }

func chainTransit(id vpn.EndpointID) string  { return "transit_" + uniquePart(string(id)) }
func chainLocal(id vpn.EndpointID) string    { return "local_" + uniquePart(string(id)) }
func chainRequests(id vpn.EndpointID) string { return "requests_" + uniquePart(string(id)) }
func chainReplies(id vpn.EndpointID) string  { return "replies_" + uniquePart(string(id)) }
func chainPeer(id vpn.EndpointID) string     { return "peer_" + uniquePart(string(id)) }
func chainGrant(id vpn.EndpointID) string    { return "grant_" + uniquePart(string(id)) }
func mapPeers(id vpn.EndpointID) string      { return "peers_" + uniquePart(string(id)) }

func setMembers(e vpn.EndpointID, a vpn.AssociationID) string {
	return "members_" + uniquePart(string(e)) + "_" + uniquePart(string(a))
}

func mapReach(e vpn.EndpointID, a vpn.AssociationID) string {
	return "reach_" + uniquePart(string(e)) + "_" + uniquePart(string(a))
}

// setGroup hashes the group's name: a directory allows any characters in it, nft letters and digits
// only. 96 bits keep two groups of one endpoint apart even against an attacker who chooses names.
func setGroup(e vpn.EndpointID, group string) string {
	sum := sha256.Sum256([]byte(group))
	return "group_" + uniquePart(string(e)) + "_" + hex.EncodeToString(sum[:12])
}
