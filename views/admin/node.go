package admin

import (
	"sallyport/views/parts"
	"sallyport/vpn"
)

// NodeState is the page of the node.
type NodeState struct {
	Node          []parts.Pair
	Reachable     bool
	Reason        string // why the node is not reachable
	Faults        []vpn.Fault
	Repairs       []vpn.Fault               // changes that the dataplane undid, newest first
	EndpointNames map[vpn.EndpointID]string // of the endpoints that faults and repairs concern
	Live          parts.Live
}

// state is the word for whether the dataplane answers.
func (s NodeState) state() string { return parts.YesNo(s.Reachable, "reachable", "unreachable") }
