package endpoint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// groupChoices are the access groups that the form of a rule offers.
type groupChoices struct {
	seen  []vpn.UserGroup // that users were in at their sign-in
	found []vpn.Group     // in the directory
	more  bool            // there may be more than found
	fault string          // why the directory was not searched
}

// groupChoices reads the groups that were seen and, where something is to be found, searches the directory.
func (h *Rules) groupChoices(c echo.Context, view endpoint.View, in ruleInput) (out groupChoices, err error) {
	if !view.UserBased() {
		return out, nil
	}
	if out.seen, err = h.endpoints.SeenGroups(page.Context(c), page.Principal(c), view.ID); err != nil {
		return out, err
	}
	if !view.AsksPassword() { // SAML has no search
		return out, nil
	}
	if strings.TrimSpace(in.Find) == "" {
		if in.Search != "" {
			out.fault = "Enter a part of the name of a group."
		}
		return out, nil
	}
	out.found, out.more, err = h.directories.FindGroups(page.Context(c), page.Principal(c), view.Directory, in.Find)
	switch kind := vpn.KindOf(err); {
	case err == nil && len(out.found) == 0:
		out.fault = "The directory has no group with this in its name."
	case err != nil && kind == vpn.Internal:
		return out, err
	case err != nil: // the form works without: the ID can be typed
		out.fault = page.Refusal(err)
	}
	return out, nil
}

// foundName is the name of the chosen group as the directory spells it; empty where it was not searched for.
func (h *Rules) foundName(c echo.Context, in ruleInput) string {
	if in.Picked == "" || in.Find == "" || in.Access != accessGroup {
		return ""
	}
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil || !view.AsksPassword() {
		return ""
	}
	found, _, err := h.directories.FindGroups(page.Context(c), page.Principal(c), view.Directory, in.Find)
	i := slices.IndexFunc(found, func(g vpn.Group) bool { return g.ID == in.Picked })
	if err != nil || i < 0 { // the rule is by ID, and a list then shows the ID alone
		return ""
	}
	return found[i].Name
}

func (in ruleInput) groupFields(view endpoint.View, groups groupChoices) []parts.Field {
	follow := parts.Follow{Choice: "access", Chosen: in.Access, Shown: []string{accessGroup}}
	pick := parts.Field{
		Section: sectionAccess, Name: "group_pick", Label: "Group", Type: "select", Value: in.Picked, Follow: follow,
		Help: "Groups that users were in at their sign-in, and those that were found in the directory. The rule keeps the ID of the group.",
	}
	if pick.Options = groups.options(in.Picked); len(pick.Options) == 1 {
		pick.Help = "No user of the directory has been seen with a group yet. Search the directory, or enter the ID."
	}
	id := parts.Field{
		Section: sectionAccess, Name: "group", Label: "Access group ID", Value: in.Group, Mono: true, Autocomplete: "off", MaxLength: vpn.MaxGroupID, Follow: follow,
		Help: "Where no group is chosen above: the SID of an Active Directory group (Get-ADGroup in PowerShell shows it), otherwise the DN of the group.",
	}
	if view.Federated() {
		pick.Help = "Groups that users were in at their sign-in at " + view.UserSAML.Label() + "."
		if len(pick.Options) == 1 {
			pick.Help = "No user of the SAML provider has been seen with a group yet. Enter the ID."
		}
		id.Help = "Where no group is chosen above: a value of the attribute " + view.UserSAML.GroupAttribute + " exactly as the SAML provider sends it. Upper and lower case differ. A test sign-in on the page of the provider shows the IDs of a user's groups, each with a link to this form."
		return []parts.Field{pick, id}
	}
	find := parts.Field{
		Section: sectionAccess, Name: "group_find", Label: "Search groups in the directory", Type: "find", Value: in.Find, Autocomplete: "off", Follow: follow, Err: groups.fault,
		Help: "A part of the name. What is found is then offered under Group; what you have typed stays.",
	}
	if n := len(groups.found); n > 0 {
		find.Help = parts.Count(n, "group") + " of the directory " + parts.YesNo(n == 1, "is", "are") + " offered under Group."
		if groups.more {
			find.Help = fmt.Sprintf("The first %d groups that match are offered under Group. Enter more of the name.", n)
		}
	}
	return []parts.Field{pick, find, id}
}

// options are the choices of the select, found ones first, each group once.
func (g groupChoices) options(picked string) []parts.Option {
	out := []parts.Option{{Label: "The one with the ID below"}}
	offered := map[string]bool{}
	add := func(id, name, note string) {
		if !offered[id] {
			offered[id] = true
			out = append(out, parts.Option{Value: id, Label: cmp.Or(name, id) + note})
		}
	}
	for _, f := range g.found {
		add(f.ID, f.Name, " (found, "+f.ID+")")
	}
	for _, s := range g.seen {
		note := parts.Count(s.Members, "user")
		if s.Name != "" && s.Name != s.ID {
			note += ", " + s.ID
		}
		add(s.ID, s.Name, " ("+note+")")
	}
	if picked != "" {
		add(picked, picked, "")
	}
	return out
}
