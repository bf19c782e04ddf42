package admin

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	views "sallyport/views/admin"
	"sallyport/views/parts"
)

// Settings shows the deployment's names and how the node is.
func (h *Console) Settings(c echo.Context) error {
	node, err := h.control.Node(ctx(c), actor(c))
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.SettingsPage(h.chrome(c, "Settings and node", "settings"), h.settingsView(node)))
}

func (h *Console) settingsView(node control.NodeView) views.Settings {
	s := h.control.Settings()
	v := views.Settings{
		Names: []parts.Pair{
			{Label: "Public name", Value: s.PublicName, Mono: true, Help: "public_name: the name in client configuration files"},
			{Label: "VPN domain", Value: s.VPNDomain, Mono: true, Help: "vpn_domain: where no public name is set, endpoints are <endpoint ID>.<domain>"},
			{Label: "Public URL", Value: s.PublicURL, Mono: true, Help: "public_url: base of the pages that users open"},
			{Label: "Address used while no name is set", Value: s.FallbackAddress, Mono: true},
		},
		Node:  []parts.Pair{parts.Fact("Sallyport", s.Version)},
		State: "unreachable",
		Why:   node.Sentence,
	}
	if !node.Reachable {
		return v
	}
	v.State, v.Why = "reachable", ""
	v.Node = append(v.Node,
		parts.Fact("Dataplane", node.Status.Version),
		parts.Fact("OpenVPN", node.Status.OpenVPN),
		parts.FactTime("Dataplane runs since", parts.At(h.now(), node.Status.StartedAt)),
		parts.Fact("Endpoints realized", parts.Number(len(node.Status.Endpoints))),
		parts.Fact("Connections", parts.Number(connectionsOf(node))),
	)
	for _, f := range node.Status.Faults {
		v.Faults = append(v.Faults, views.Fault{Subject: f.Subject, Href: subjectPath(f.Subject), Sentence: f.Sentence, Since: parts.At(h.now(), f.Since)})
	}
	for _, e := range node.Status.Endpoints {
		for _, f := range e.Faults {
			v.Faults = append(v.Faults, views.Fault{
				Subject: string(e.Endpoint), Href: subjectPath(string(e.Endpoint)),
				Sentence: f.Sentence, Since: parts.At(h.now(), f.Since),
			})
		}
	}
	return v
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
