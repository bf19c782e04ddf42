package admin

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func networkID(c echo.Context) vpn.NetworkID { return vpn.NetworkID(c.Param("network")) }

func networkPath(id vpn.NetworkID) string { return "/networks/" + url.PathEscape(string(id)) }

// Network shows one network with its subnets.
func (h *Console) Network(c echo.Context) error {
	n, err := h.control.Network(ctx(c), actor(c), networkID(c))
	if err != nil {
		return err
	}
	l := listOf(c)
	page, err := h.control.Subnets(ctx(c), actor(c), n.ID, l)
	if err != nil {
		return err
	}
	may := actor(c).Role.MayChange()
	v := views.NetworkPage{
		Header: parts.Header{Crumbs: []parts.Crumb{{Label: "Networks", Href: "/networks"}}, Title: nameOr(n.Name, string(n.ID))},
		Path:   networkPath(n.ID),
		Facts: []parts.Pair{
			{Label: "Network (VPC) ID", Value: string(n.ID), Copy: true},
			parts.Fact("IPv4 CIDRs", joinCIDRs(n.CIDRs)),
			parts.Fact("Tags", tagsInWords(n.Tags)),
			parts.FactTime("Created", parts.At(h.now(), n.CreatedAt)),
		},
		List: listView(c, l, page),
	}
	v.List.Box = true
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Subnets", "subnet", "subnets", "name, ID, CIDR or zone"
	v.List.Columns = []parts.Column{
		{Key: "name", Label: "Subnet"}, {Key: "cidr", Label: "CIDR"}, {Key: "zone", Label: "Availability zone"}, {Label: "Target network of"}, {Label: "Actions", Right: true},
	}
	v.List.Empty = parts.Empty{Title: "No subnets yet", Text: "A subnet lies inside the network, in an availability zone. Associated with an endpoint it is a target network."}
	if may {
		v.List.Empty.Action = parts.Button{Label: "Create subnet", Href: v.Path + "/subnets/new", Tone: "primary"}
	}
	for _, s := range page.Items {
		v.Rows = append(v.Rows, subnetRow(s, may))
	}
	v.Chrome = h.chrome(c, v.Header.Title, "networks")
	return render(c, http.StatusOK, views.Network(v))
}

func subnetRow(s vpn.SubnetStatus, may bool) views.SubnetRow {
	row := views.SubnetRow{ID: string(s.ID), Name: s.Name, CIDR: s.CIDR.String(), Zone: s.Zone, Endpoints: endpointLinks(s.Endpoints)}
	if may {
		row.Delete = subnetPath(s.ID) + "/delete"
	}
	return row
}

// endpointLinks leads to endpoints that use something.
func endpointLinks(list []vpn.EndpointRef) []parts.Crumb {
	var out []parts.Crumb
	for _, u := range list {
		out = append(out, parts.Crumb{Label: u.Label(), Href: endpointPath(u.ID)})
	}
	return out
}
