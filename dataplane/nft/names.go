package nft

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"sallyport/vpn"
)

// The objects that outlive a rebuild: base chains, so that no packet ever meets a hook without
// them, and the two counter sets, because to replace a set is to reset it.
var (
	baseChains  = []string{"arriving", "forwarding", "input", "output", "publicport", "sourcenat", "counting", "countinput"}
	counterSets = []string{setSent, setReceived}
)

const (
	setSessions  = "sessions"   // device . address of every live client
	setSent      = "sent"       // counted: what clients sent
	setReceived  = "received"   // counted: what clients received
	setDevices   = "tuns"       // our tun devices
	setClients   = "clients"    // the client ranges of all endpoints
	setWorkers   = "workers"    // address . protocol . port of workers bound to one address
	setWorkersOn = "workersany" // protocol . port of workers bound to every address
	mapTransit   = "transit"    // client range : what judges packets that pass through
	mapLocal     = "visit"      // client range : what judges packets for the host itself
)

// digits is the part of an identifier that is unique; identifiers are checked before.
func digits(id string) string { return id[strings.LastIndexByte(id, '-')+1:] }

func chainTransit(id vpn.EndpointID) string { return "t_" + digits(string(id)) }
func chainLocal(id vpn.EndpointID) string   { return "l_" + digits(string(id)) }
func chainAsks(id vpn.EndpointID) string    { return "q_" + digits(string(id)) }
func chainAnswers(id vpn.EndpointID) string { return "a_" + digits(string(id)) }
func chainPeers(id vpn.EndpointID) string   { return "p_" + digits(string(id)) }
func chainGrants(id vpn.EndpointID) string  { return "g_" + digits(string(id)) }
func mapPeers(id vpn.EndpointID) string     { return "peers_" + digits(string(id)) }

func setMembers(e vpn.EndpointID, a vpn.AssociationID) string {
	return "members_" + digits(string(e)) + "_" + digits(string(a))
}

func mapReach(e vpn.EndpointID, a vpn.AssociationID) string {
	return "reach_" + digits(string(e)) + "_" + digits(string(a))
}

// setGroup hashes the name: groups are called what a directory pleases, and an nft name holds
// letters and digits. 96 bits keep two groups of one endpoint apart even against an adversary
// who may choose names.
func setGroup(e vpn.EndpointID, group string) string {
	sum := sha256.Sum256([]byte(group))
	return "group_" + digits(string(e)) + "_" + hex.EncodeToString(sum[:12])
}
