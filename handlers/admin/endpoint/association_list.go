package endpoint

import (
	"cmp"
	"slices"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// associationFields is how the tab is searched, sorted and filtered.
var associationFields = vpn.Fields[vpn.AssociationStatus]{
	Search: func(a vpn.AssociationStatus) []string {
		return []string{a.SubnetName, string(a.Subnet), a.CIDR.String(), a.Zone, string(a.ID)}
	},
	Orders: map[string]func(a, b vpn.AssociationStatus) int{
		"subnet": func(a, b vpn.AssociationStatus) int {
			return cmp.Compare(cmp.Or(a.SubnetName, string(a.Subnet)), cmp.Or(b.SubnetName, string(b.Subnet)))
		},
		"cidr":       func(a, b vpn.AssociationStatus) int { return a.CIDR.Addr().Compare(b.CIDR.Addr()) },
		"zone":       func(a, b vpn.AssociationStatus) int { return cmp.Compare(a.Zone, b.Zone) },
		"way":        func(a, b vpn.AssociationStatus) int { return cmp.Compare(a.Way.Label(), b.Way.Label()) },
		"state":      func(a, b vpn.AssociationStatus) int { return cmp.Compare(a.State, b.State) },
		"created_at": func(a, b vpn.AssociationStatus) int { return a.CreatedAt.Compare(b.CreatedAt) },
	},
	Usual: func(a, b vpn.AssociationStatus) int { return a.CreatedAt.Compare(b.CreatedAt) },
	Filters: map[string]func(vpn.AssociationStatus, string) bool{
		"state": func(a vpn.AssociationStatus, want string) bool { return string(a.State) == want },
		"zone":  func(a vpn.AssociationStatus, want string) bool { return a.Zone == want },
	},
}

// zoneFilter narrows the associations to those of one availability zone.
func zoneFilter(associations []vpn.AssociationStatus) parts.Filter {
	var zones []string
	for _, a := range associations {
		zones = append(zones, a.Zone)
	}
	slices.Sort(zones)
	return page.ChoiceFilter("zone", "Availability zone", "Every zone", slices.Compact(zones)...)
}

var associationCells = []page.Cell[vpn.AssociationStatus]{
	{Label: "Target network", Text: func(a vpn.AssociationStatus) string { return a.SubnetName }},
	{Label: "Subnet ID", Text: func(a vpn.AssociationStatus) string { return string(a.Subnet) }},
	{Label: "CIDR", Text: func(a vpn.AssociationStatus) string { return a.CIDR.String() }},
	{Label: "Availability zone", Text: func(a vpn.AssociationStatus) string { return a.Zone }},
	{Label: "Reached by", Text: func(a vpn.AssociationStatus) string { return a.Way.Label() }},
	{Label: "State", Text: func(a vpn.AssociationStatus) string { return string(a.State) }},
	{Label: "Reason", Text: func(a vpn.AssociationStatus) string { return a.Reason }},
	{Label: "Association ID", Text: func(a vpn.AssociationStatus) string { return string(a.ID) }},
}

// List shows the tab Target network associations.
func (h *Associations) List(c echo.Context) error {
	f, view, err := h.frame(c, "associations")
	if err != nil {
		return err
	}
	l := page.ListOf(c)
	filters := page.Narrow(c, &l, page.StateFilter(vpn.Associating, vpn.Associated, vpn.AssociationFailed, vpn.Disassociating), zoneFilter(view.Associations))
	read := func(l vpn.List) (vpn.Page[vpn.AssociationStatus], error) {
		return vpn.Select(view.Associations, l, associationFields), nil
	}
	if page.WantsFile(c) {
		return page.Export(c, "target-networks-"+string(view.ID), l, read, associationCells)
	}
	found, _ := read(l)
	n := len(view.Associations)
	v := views.AssociationTab{Advice: vpn.ZoneAdvice(view.Targets()), Frame: f, Rows: found.Items, List: page.ListView(c, l, found)}
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Target network associations", "association", "associations", "subnet, CIDR, zone or ID"
	v.List.Filters, v.List.Part = filters, "associations"
	v.List.Columns = []parts.Column{
		{Key: "subnet", Label: "Target network"}, {Key: "cidr", Label: "CIDR", Below: []parts.Column{{Key: "zone", Label: "Availability zone"}}}, {Key: "state", Label: "State", Below: []parts.Column{{Key: "way", Label: "Reached by"}}},
		{Label: "Association ID", Below: []parts.Column{{Key: "created_at", Label: "Associated"}}},
	}
	if f.MayChange() {
		v.List.Columns = append(v.List.Columns, parts.ActionsColumn())
	}
	v.List.Empty = parts.Empty{
		Title: "No target network is associated",
		Text:  "Clients cannot connect yet. Associate a subnet: the endpoint becomes available, and the routes of its network are added.",
	}
	if f.MayChange() {
		v.List.Bulk = []parts.BulkAction{{Label: "Disassociate target networks", Path: views.EndpointPath(view.ID, "associations", "delete")}}
		v.List.Empty.Action = parts.Button{Label: "Associate target network", Href: views.EndpointPath(view.ID, "associations", "new"), Tone: "primary"}
	}
	v.Network, v.Name = view.Network, view.NetworkName
	if view.Network == "" && n > 0 { // the last one is being removed
		v.Network = view.Associations[n-1].Network
	}
	v.Frame.Live = liveTab(c, f, "associations", v.Network, v.Name, v.Rows, f.Unequal, v.Advice)
	return page.RenderLive(c, v.Frame.Live, views.EndpointAssociations(v))
}
