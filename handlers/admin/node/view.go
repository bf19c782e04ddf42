package node

import (
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control/node"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// View shows the state of the node.
func (h *Node) View(c echo.Context) error {
	node, err := h.nodes.Node(page.Context(c), page.Principal(c))
	if err != nil {
		return err
	}
	names, err := h.endpoints.EndpointNames(page.Context(c), page.Principal(c), endpointsOf(node)...)
	if err != nil {
		return err
	}
	v := h.state(node, names)
	v.Live = page.Live(c, "node", page.RenewSeldom, v.Node, v.Reachable, v.Reason, v.Faults, v.Repairs, v.EndpointNames)
	return page.RenderLive(c, v.Live, views.NodePage(h.pages.Chrome(c, "Node", "node"), v))
}

func (h *Node) state(node node.View, names map[vpn.EndpointID]string) views.NodeState {
	v := views.NodeState{
		Node: nodeFacts(node, h.core.Settings.Version, h.pages.Now()), Reachable: node.Reachable, EndpointNames: names,
	}
	if !node.Reachable {
		v.Reason = node.Message
		return v
	}
	v.Faults = slices.Clone(node.Status.Faults)
	for _, e := range node.Status.Endpoints {
		for _, f := range e.Faults {
			f.Subject = string(e.Endpoint)
			v.Faults = append(v.Faults, f)
		}
	}
	v.Repairs = node.Status.Repairs
	return v
}

// endpointsOf lists the endpoints in the status of the node.
func endpointsOf(node node.View) []vpn.EndpointID {
	var ids []vpn.EndpointID
	for _, e := range node.Status.Endpoints {
		ids = append(ids, e.Endpoint)
	}
	for _, f := range append(slices.Clone(node.Status.Faults), node.Status.Repairs...) {
		if id := vpn.EndpointID(f.Subject); id.Valid() {
			ids = append(ids, id)
		}
	}
	return ids
}

// nodeFacts are the facts about the node, as of its last answer.
func nodeFacts(node node.View, version string, now time.Time) []parts.Pair {
	seen := parts.FactTime("Dataplane last answered", parts.At(now, node.SeenAt))
	if node.SeenAt.IsZero() {
		seen.When = &parts.When{Relative: "not since this console started"}
	}
	facts := []parts.Pair{
		{Label: "Node name", Value: node.Name, Mono: true, Help: "node_name"},
		{Label: "Availability zones", Value: strings.Join(node.Zones, ", "), Help: "zones: names for where this node is; associations in other zones work as well"},
		parts.Fact("Sallyport", version),
		seen,
	}
	if node.SeenAt.IsZero() {
		return facts
	}
	facts = append(facts,
		parts.Fact("Dataplane", node.Status.Version),
		parts.Pair{Label: "OpenVPN version", Value: node.Status.OpenVPN},
		parts.FactTime("Dataplane started", parts.At(now, node.Status.StartedAt)),
		parts.Pair{Label: "Dataplane instance", Value: node.Status.Instance, Mono: true, Help: "Changes at every start"},
	)
	if names := node.Status.Guarded; node.Reachable && len(names) > 0 {
		facts = append(facts, parts.Pair{Label: "Forwarding for VPN clients only", Value: strings.Join(names, ", "), Mono: true,
			Help: "The host forwarded nothing there. Sallyport switched forwarding on and drops the packets of others that come in by these interfaces. If another program needs forwarding, switch it on for the whole host: sysctl -w net.ipv4.ip_forward=1. That is noticed at once."})
	}
	if node.Reachable {
		facts = append(facts,
			parts.Fact("Endpoints realized", parts.Number(len(node.Status.Endpoints))),
			parts.Fact("Connections", parts.Number(connectionsOf(node))))
	}
	return facts
}

func connectionsOf(node node.View) int {
	n := 0
	for _, e := range node.Status.Endpoints {
		n += e.Connections
	}
	return n
}
