package user

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"sallyport/control/user"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

var crumbs = []parts.Crumb{{Label: "Users and groups", Href: usersPath}}

// View shows one user.
func (h *Users) View(c echo.Context) error {
	u, err := h.users.User(page.Context(c), page.Principal(c), userID(c))
	if err != nil {
		return err
	}
	v := views.UserPage{
		Chrome: h.pages.Chrome(c, views.NameOr(u.Name, u.ID), section), Header: parts.Header{Crumbs: crumbs, Title: views.NameOr(u.Name, u.ID)},
		User: u.UserSummary, Facts: h.facts(u), Groups: u.Groups, Access: u.Access, Names: map[string]string{},
		Reports: u.Reports, Attempts: u.Attempts, EndpointNames: u.Names,
	}
	if u.Blocked() {
		v.Header.State = "blocked"
	}
	for _, g := range u.Groups {
		v.Names[g.ID] = g.Name
	}
	return page.Render(c, http.StatusOK, views.User(v))
}

func (h *Users) facts(u user.View) []parts.Pair {
	now := h.pages.Now()
	provider := parts.Pair{Label: "Provider", Value: views.ProviderName(u.Provider, u.ProviderName)}
	if u.ProviderName != "" {
		provider.Href = views.ProviderPath(u.Provider)
	}
	connections := parts.Pair{Label: "Connections", Value: parts.Number(u.Connections)}
	if u.Connections > 0 {
		connections.Href = views.ConnectionsOf(u.Name)
	}
	facts := []parts.Pair{
		provider, connections, {Label: "Devices", Value: "Show devices with certificates", Href: views.DevicesOf(u.ID)}, parts.FactTime("Last VPN login", parts.At(now, u.SignedInAt)), parts.FactTime("First seen", parts.At(now, u.FirstSeen)),
		{Label: "User ID", Value: string(u.ID), Copy: true},
	}
	if u.Provider != "" {
		_, saml := u.Provider.SAML()
		facts = append(facts, parts.Pair{Label: parts.YesNo(saml, "NameID", "Key in the directory"), Value: u.Key, Mono: true})
	}
	if u.Provider != "" {
		facts = append(facts, parts.FactTime("Last sign-in to the portal", parts.At(now, u.PortalAt)), parts.Fact("Sessions in the portal", parts.Number(u.Portal)))
	}
	facts = append(facts, h.factor(u)...)
	if u.RefusedAt.IsZero() {
		return append(facts, parts.Fact("Last refusal", "None is known"))
	}
	body := views.Refusal(parts.At(now, u.RefusedAt), u.RefusedCode, u.RefusedReason, u.RefusedBy)
	return append(facts, parts.Pair{Label: "Last refusal", Body: body})
}

// factor tells of the authenticator of a user of a directory.
func (h *Users) factor(u user.View) []parts.Pair {
	directory := vpn.DirectoryID(u.Provider)
	devices := views.DirectoryPath(directory, "mfa") + "?q=" + url.QueryEscape(u.Name)
	switch {
	case u.Device.ID == "" && !u.AsksMFA:
		return nil
	case u.Device.ID == "":
		return []parts.Pair{{Label: "Authenticator", Value: "None", Href: devices}}
	case !u.Device.Confirmed():
		return []parts.Pair{{Label: "Authenticator", Value: "Waits for its first code", Href: views.MFADevicePath(u.Device)}}
	}
	now := h.pages.Now()
	facts := []parts.Pair{
		{Label: "Authenticator", Value: parts.YesNo(u.Device.SelfEnrolled, "Set up by the user", "Registered by "+u.Device.CreatedBy), Href: devices},
		parts.FactTime("Authenticator changed", parts.At(now, u.Device.ConfirmedAt)),
	}
	if u.Recovery.Made.IsZero() {
		return append(facts, parts.Fact("Recovery codes", "None"))
	}
	facts = append(facts, parts.Fact("Recovery codes", fmt.Sprintf("%d of %d left", u.Recovery.Left, vpn.RecoveryCodes)))
	if !u.Recovery.UsedAt.IsZero() {
		facts = append(facts, parts.FactTime("Recovery code used", parts.At(now, u.Recovery.UsedAt)))
	}
	return facts
}

// Groups lists the groups.
func (h *Users) Groups(c echo.Context) error {
	l := page.ListOf(c)
	provider, err := h.providerFilter(c, false)
	if err != nil {
		return err
	}
	filters := page.Narrow(c, &l, provider)
	read := func(l vpn.List) (vpn.Page[vpn.UserGroupSummary], error) {
		return h.users.Groups(page.Context(c), page.Principal(c), l)
	}
	if page.WantsFile(c) {
		return page.Export(c, "groups", l, read, groupCells)
	}
	found, err := read(l)
	if err != nil {
		return err
	}
	v := views.UserGroupList{Tabs: tabs(true), List: page.ListView(c, l, found), Rows: found.Items}
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint, v.List.Part = "Groups", "group", "groups", "name or group ID", "groups"
	v.List.Filters = filters
	v.List.Columns = []parts.Column{
		{Key: "name", Label: "Name"}, {Label: "Group ID"}, {Label: "Provider"}, {Label: "Users", Right: true}, {Label: "Rules", Right: true}, {Label: "First seen"},
	}
	v.List.Empty = parts.Empty{Title: "No group was seen yet", Text: "The groups of a directory's user are listed from the first login on. The form for an authorization rule finds the others in the directory.",
		Action: parts.Button{Label: "Open the identity providers", Href: "/identity-providers"}}
	v.Chrome = h.pages.Chrome(c, "Users and groups", section)
	return page.Render(c, http.StatusOK, views.UserGroups(v))
}

// Group shows one group with its users.
func (h *Users) Group(c echo.Context) error {
	g, err := h.users.Group(page.Context(c), page.Principal(c), vpn.UserGroupID(c.Param("group")))
	if err != nil {
		return err
	}
	l := page.ListOf(c)
	l.Filter = map[string]string{"group": string(g.Key)}
	read := func(l vpn.List) (vpn.Page[vpn.UserSummary], error) {
		return h.users.Users(page.Context(c), page.Principal(c), l)
	}
	if page.WantsFile(c) {
		return page.Export(c, "users-of-group", l, read, cells)
	}
	found, err := read(l)
	if err != nil {
		return err
	}
	provider := parts.Pair{Label: "Provider", Value: views.ProviderName(g.Provider, g.ProviderName)}
	if g.ProviderName != "" {
		provider.Href = views.ProviderPath(g.Provider)
	}
	v := views.UserGroupPage{
		Header: parts.Header{Crumbs: append(crumbs[:1:1], parts.Crumb{Label: "Groups", Href: groupsPath}), Title: views.NameOr(g.Name, g.ID)},
		Facts: []parts.Pair{
			{Label: "Group ID", Value: g.ID, Copy: true, Wide: len(g.ID) > wideID}, provider, parts.FactTime("First seen", parts.At(h.pages.Now(), g.FirstSeen)),
		},
		Rules: g.Rules, Endpoints: g.Endpoints, Group: g.UserGroup, List: page.ListView(c, l, found), Members: found.Items,
	}
	h.describe(c, &v.List)
	v.List.Empty = parts.Empty{Title: "No user has this group any more", Text: "At their last sign-in none of the known users was in it.", Action: parts.Button{Label: "Show all groups", Href: groupsPath}}
	v.Chrome = h.pages.Chrome(c, views.NameOr(g.Name, g.ID), section)
	return page.Render(c, http.StatusOK, views.UserGroup(v))
}

// wideID is the length, in bytes, from which the ID of a group has a line of its own.
const wideID = 36
