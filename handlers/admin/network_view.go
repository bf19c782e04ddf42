package admin

import (
	"net/http"

	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func networkID(c echo.Context) vpn.NetworkID { return vpn.NetworkID(c.Param("network")) }

// Network shows one network with its subnets.
func (h *Console) Network(c echo.Context) error {
	n, err := h.networks.Network(ctx(c), principal(c), networkID(c))
	if err != nil {
		return err
	}
	l := listOf(c)
	page, err := h.networks.Subnets(ctx(c), principal(c), n.ID, l)
	if err != nil {
		return err
	}
	v := views.NetworkPage{
		Header: parts.Header{Crumbs: []parts.Crumb{{Label: "Networks", Href: "/networks"}}, Title: views.NameOr(n.Name, n.ID)},
		ID:     n.ID,
		Facts: []parts.Pair{
			{Label: "Network (VPC) ID", Value: string(n.ID), Copy: true},
			parts.Fact("IPv4 CIDRs", views.Prefixes(n.CIDRs)),
			parts.Fact("Tags", views.Tags(n.Tags)),
			parts.FactTime("Created", parts.At(h.now(), n.CreatedAt)),
		},
		List: listView(c, l, page), Rows: page.Items,
	}
	v.List.Box = true
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Subnets", "subnet", "subnets", "name, ID, CIDR or zone"
	v.List.Columns = []parts.Column{
		{Key: "name", Label: "Subnet"}, {Key: "cidr", Label: "CIDR"}, {Key: "zone", Label: "Availability zone"}, {Label: "Target network of"}, {Label: "Actions", Right: true},
	}
	v.List.Empty = parts.Empty{Title: "No subnets yet", Text: "A subnet lies inside the network, in an availability zone. Associated with an endpoint it is a target network."}
	if principal(c).Role.MayChange() {
		v.List.Empty.Action = parts.Button{Label: "Create subnet", Href: views.NetworkPath(n.ID, "subnets", "new"), Tone: "primary"}
	}
	v.Chrome = h.chrome(c, v.Header.Title, "networks")
	return render(c, http.StatusOK, views.Network(v))
}
