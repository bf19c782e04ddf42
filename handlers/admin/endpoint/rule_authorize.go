package endpoint

import (
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// ruleInput is a rule as typed.
type ruleInput struct {
	Destination string `form:"destination"`
	Access      string `form:"access"`
	Picked      string `form:"group_pick"` // a group by its ID; empty: the ID is typed
	Group       string `form:"group"`
	Find        string `form:"group_find"`
	Search      string `form:"group_find_search"` // the button of the search was pressed
	Description string `form:"description"`
	Fill        bool   `form:"-"` // nothing was typed yet: a destination may be proposed
}

const (
	accessAll   = "all"
	accessGroup = "group"
)

// groupID is the chosen group, or the one that was typed.
func (in ruleInput) groupID() string {
	if in.Picked != "" {
		return in.Picked
	}
	return in.Group
}

func groupHelp(view endpoint.View) string {
	switch {
	case view.AsksPassword():
		return "Users who are in the group. A change of the group acts on live sessions."
	case view.Federated():
		return "Users who are in the group at their sign-in. A change of the group counts from the next one."
	}
	return "Clients of this endpoint have certificates, which belong to no group."
}

func (in ruleInput) form(view endpoint.View, example string, groups groupChoices) parts.Form {
	if in.Access == "" {
		in.Access = accessAll
	}
	fields := []parts.Field{
		{Section: sectionDestination, Name: "destination", Label: "Destination network to enable access", Value: in.Destination, Required: true, Mono: true, Placeholder: "10.0.0.0/16",
			Autocomplete: "off", Focus: true,
			Help: "The IP address, in CIDR notation, of the network that you want users to access. " + example + "0.0.0.0/0 means everywhere: the internet and every network in the route table, except those with a narrower rule. A route to the destination is needed as well."},
		{Section: sectionAccess, Name: "access", Label: "Grant access to", Type: "radio", Value: in.Access, Required: true, Options: []parts.Option{
			{Value: accessAll, Label: "Allow access to all users", Help: "Every client that can connect."},
			{Value: accessGroup, Label: "Allow access to users in a specific access group", Disabled: !view.UserBased(),
				Help: groupHelp(view)},
		}},
	}
	if view.UserBased() {
		fields = append(fields, in.groupFields(view, groups)...)
	}
	return parts.Form{
		Action: views.EndpointPath(view.ID, "rules", "new"), Submit: "Add authorization rule", Cancel: views.EndpointPath(view.ID, "rules"),
		Sections: []parts.Section{{Title: sectionDestination}, {Title: sectionAccess}, {Title: sectionDetails}},
		Fields: append(fields, parts.Field{
			Section: sectionDetails, Name: "description", Label: "Description", Value: in.Description, Help: "A brief description of the authorization rule.", Autocomplete: "off",
		}),
	}
}

func (h *Rules) renderNew(c echo.Context, in ruleInput, refused error) error {
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		return err
	}
	groups, err := h.groupChoices(c, view, in)
	if err != nil {
		return err
	}
	if in.Search != "" && len(groups.found) == 1 {
		in.Picked, in.Group = groups.found[0].ID, ""
	}
	ranges := h.networkRanges(c, view)
	if in.Fill && view.Rules == 0 && len(ranges) > 0 { // the first rule is about the network, as a rule
		in.Destination = ranges[0]
	}
	form := in.form(view, networkExample(ranges), groups)
	page.Fail(&form, refused)
	head := parts.Header{Crumbs: endpointCrumbs(view.Endpoint, "rules"), Title: "Add authorization rule"}
	return page.RenderForm(c, refused, views.Form(views.FormPage{Chrome: h.pages.Chrome(c, "Add authorization rule", "endpoints"), Header: head, Form: form}))
}

// networkExample is a sentence with the ranges of the endpoint's network, the usual destination.
func networkExample(ranges []string) string {
	if len(ranges) == 0 {
		return ""
	}
	return "The network of this endpoint has " + strings.Join(ranges, ", ") + ". "
}

// networkRanges are those of the endpoint's network.
func (h *Rules) networkRanges(c echo.Context, view endpoint.View) (cidrs []string) {
	if view.Network == "" {
		return nil
	}
	n, err := h.networks.Network(page.Context(c), page.Principal(c), view.Network)
	if err != nil {
		return nil // the form is complete without them
	}
	for _, p := range n.CIDRs {
		cidrs = append(cidrs, p.String())
	}
	return cidrs
}

// New shows the form for an authorization rule. The query may fill in the destination, and choose an access group by its ID.
func (h *Rules) New(c echo.Context) error {
	var in ruleInput
	if to, err := vpn.ParseCIDR(c.QueryParam(views.DestinationParam)); err == nil {
		in.Destination = to.String()
	}
	in.Fill = in.Destination == ""
	if group := c.QueryParam(views.GroupParam); vpn.WellFormedGroupID(group) {
		in.Access, in.Picked = accessGroup, group
	}
	return h.renderNew(c, in, nil)
}

// Authorize adds an authorization rule.
func (h *Rules) Authorize(c echo.Context) error {
	var in ruleInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	if in.Search != "" { // nothing is saved: the form shows what was found
		return h.renderNew(c, in, nil)
	}
	if in.Access == accessGroup && in.Picked != "" && in.Group != "" && !vpn.SameGroup(in.Group, in.Picked) {
		var twice vpn.Check
		twice.Bad("group", "A group is chosen above, and this is the ID of another one. Clear one of the two.")
		return h.renderNew(c, in, twice.Err())
	}
	r, err := h.endpoints.Authorize(page.Context(c), page.Principal(c), endpointID(c), vpn.RuleSpec{
		Destination: in.Destination, AllUsers: in.Access != accessGroup, Group: in.groupID(), GroupName: h.foundName(c, in), Description: in.Description,
	})
	if page.BelongsInForm(err) {
		return h.renderNew(c, in, err)
	}
	if err != nil {
		return err
	}
	next := []page.Next{{Label: "Download client configuration", Href: views.EndpointPath(r.Endpoint, "configuration")}}
	if !vpn.IsAny(r.Destination) {
		next = h.steps.InternetNext(c, r.Endpoint, next...)
	}
	return h.pages.Done(c, "Authorization rule for "+r.Destination.String()+" added.", views.EndpointPath(r.Endpoint, "rules"), next...)
}
