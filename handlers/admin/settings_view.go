package admin

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// Settings shows the deployment's names and how the node is.
func (h *Console) Settings(c echo.Context) error {
	node, err := h.control.Node(ctx(c), actor(c))
	if err != nil {
		return err
	}
	names, err := h.control.EndpointNames(ctx(c), actor(c), endpointsOf(node)...)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.SettingsPage(h.chrome(c, "Settings and node", "settings"), h.settingsView(node, names)))
}

func (h *Console) settingsView(node control.NodeView, names map[vpn.EndpointID]string) views.Settings {
	s := h.control.Settings()
	v := views.Settings{
		Names: []parts.Pair{
			{Label: "Public name", Value: s.PublicName, Mono: true, Help: "public_name: the name in client configuration files"},
			{Label: "VPN domain", Value: s.VPNDomain, Mono: true, Help: "vpn_domain: where no public name is set, endpoints are <endpoint ID>.<domain>"},
			{Label: "Public URL", Value: s.PublicURL, Mono: true, Help: "public_url: base of the pages that users open"},
			{Label: "Address used while no name is set", Value: s.FallbackAddress, Mono: true},
		},
		Node: nodeFacts(node, s.Version, h.now()), State: "unreachable", Why: node.Sentence,
	}
	if !node.Reachable {
		return v
	}
	v.State, v.Why = "reachable", ""
	for _, f := range node.Status.Faults {
		v.Faults = append(v.Faults, h.fault(f, f.Subject, names))
	}
	for _, e := range node.Status.Endpoints {
		for _, f := range e.Faults {
			v.Faults = append(v.Faults, h.fault(f, string(e.Endpoint), names))
		}
	}
	for _, f := range node.Status.Repairs {
		v.Repairs = append(v.Repairs, h.fault(f, f.Subject, names))
	}
	return v
}

func (h *Console) fault(f vpn.Fault, subject string, names map[vpn.EndpointID]string) views.Fault {
	return views.Fault{
		Subject: nameOr(names[vpn.EndpointID(subject)], subject), Href: subjectPath(subject),
		Sentence: f.Sentence, Since: parts.At(h.now(), f.Since),
	}
}

// endpointsOf lists the endpoints that the node speaks of.
func endpointsOf(node control.NodeView) []vpn.EndpointID {
	var ids []vpn.EndpointID
	for _, e := range node.Status.Endpoints {
		ids = append(ids, e.Endpoint)
	}
	for _, f := range append(slices.Clone(node.Status.Faults), node.Status.Repairs...) {
		if subjectPath(f.Subject) != "" {
			ids = append(ids, vpn.EndpointID(f.Subject))
		}
	}
	return ids
}

// nodeFacts are what is known of the node; without an answer, what was last known.
func nodeFacts(node control.NodeView, version string, now time.Time) []parts.Pair {
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
		parts.Pair{Label: "Dataplane instance", Value: node.Status.Instance, Mono: true, Help: "New with every start"},
	)
	if node.Reachable {
		facts = append(facts,
			parts.Fact("Endpoints realized", parts.Number(len(node.Status.Endpoints))),
			parts.Fact("Connections", parts.Number(connectionsOf(node))))
	}
	return facts
}

func connectionsOf(node control.NodeView) int {
	n := 0
	for _, e := range node.Status.Endpoints {
		n += e.Connections
	}
	return n
}

// subjectPath is the page of what a fault concerns, where there is one.
func subjectPath(subject string) string {
	if strings.HasPrefix(subject, "cvpn-endpoint-") {
		return "/endpoints/" + subject
	}
	return ""
}
