package admin

import (
	"sallyport/views/parts"
	"sallyport/vpn"
)

// Settings is the page of the deployment's names and of the node.
type Settings struct {
	Names         []parts.Pair
	Node          []parts.Pair
	Reachable     bool
	Reason        string // why the node is not reachable
	Faults        []vpn.Fault
	Repairs       []vpn.Fault               // changes that the dataplane undid, newest first
	EndpointNames map[vpn.EndpointID]string // of the endpoints that faults and repairs concern
	Live          parts.Live
}

// state is the word for whether the dataplane answers.
func (s Settings) state() string { return parts.YesNo(s.Reachable, "reachable", "unreachable") }
