package user

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

var cells = []page.Cell[vpn.UserSummary]{
	{Label: "User", Text: func(u vpn.UserSummary) string { return u.Name }},
	{Label: "Provider", Text: func(u vpn.UserSummary) string { return views.ProviderName(u.Provider, u.ProviderName) }},
	{Label: "Provider ID", Text: func(u vpn.UserSummary) string { return string(u.Provider) }},
	{Label: "Groups", Text: func(u vpn.UserSummary) string { return strconv.Itoa(u.Groups) }},
	{Label: "First groups", Text: func(u vpn.UserSummary) string { return strings.Join(u.GroupNames, "; ") }},
	{Label: "Connections", Text: func(u vpn.UserSummary) string { return strconv.Itoa(u.Connections) }},
	{Label: "First seen", Text: func(u vpn.UserSummary) string { return page.TimeCell(u.FirstSeen) }},
	{Label: "Last VPN login", Text: func(u vpn.UserSummary) string { return page.TimeCell(u.SignedInAt) }},
	{Label: "Last refusal", Text: func(u vpn.UserSummary) string { return page.TimeCell(u.RefusedAt) }},
	{Label: "Code", Text: func(u vpn.UserSummary) string { return string(u.RefusedCode) }},
	{Label: "Blocked", Text: func(u vpn.UserSummary) string { return page.TimeCell(u.BlockedAt) }},
	{Label: "Blocked by", Text: func(u vpn.UserSummary) string { return u.BlockedBy }},
	{Label: "Reason", Text: func(u vpn.UserSummary) string { return u.BlockReason }},
	{Label: "User ID", Text: func(u vpn.UserSummary) string { return string(u.ID) }},
}

// List lists the users.
func (h *Users) List(c echo.Context) error {
	l := page.ListOf(c)
	provider, err := h.providerFilter(c, true)
	if err != nil {
		return err
	}
	state := parts.Filter{Name: "state", Label: "State", Options: []parts.Option{
		{Label: "Every state"}, {Value: vpn.UserConnected, Label: "Connected"}, {Value: vpn.UserBlocked, Label: "Blocked"},
	}}
	filters := page.Narrow(c, &l, provider, state)
	read := func(l vpn.List) (vpn.Page[vpn.UserSummary], error) {
		return h.users.Users(page.Context(c), page.Principal(c), l)
	}
	if page.WantsFile(c) {
		return page.Export(c, "users", l, read, cells)
	}
	found, err := read(l)
	if err != nil {
		return err
	}
	v := views.UserList{Tabs: tabs(false), List: page.ListView(c, l, found), Rows: found.Items}
	h.describe(c, &v.List)
	v.List.Filters = filters
	v.Chrome = h.pages.Chrome(c, "Users and groups", section)
	return page.Render(c, http.StatusOK, views.Users(v))
}

// describe fills in what lists of users have in common.
func (h *Users) describe(c echo.Context, list *parts.List) {
	list.Caption, list.Noun, list.Plural, list.Hint, list.Part = "Users", "user", "users", "name", "users"
	list.Columns = []parts.Column{
		{Key: "name", Label: "User", Below: []parts.Column{{Label: "Provider"}}}, {Label: "Groups"}, {Label: "Connections", Right: true}, {Key: "signed_in_at", Label: "Last VPN login"}, {Key: "refused_at", Label: "Last refusal"},
	}
	list.Empty = parts.Empty{Title: "No user has signed in yet", Text: "Give a user the configuration file of an endpoint. The user is listed from the first login on, with the groups of it. Logins that name no known user are under Connections, Refused.",
		Action: parts.Button{Label: "Open the Client VPN endpoints", Href: "/endpoints"}}
	if page.Principal(c).Role.MayChange() {
		list.Bulk = []parts.BulkAction{{Label: "Block users", Path: usersPath + "/block"}}
	}
}

// providerFilter offers the directories and, for users, client certificates.
func (h *Users) providerFilter(c echo.Context, certificates bool) (parts.Filter, error) {
	f := parts.Filter{Name: "provider", Label: "Provider", Options: []parts.Option{{Label: "Every provider"}}}
	if certificates {
		f.Options = append(f.Options, parts.Option{Value: vpn.UsersOfCertificates, Label: views.ClientCertificates})
	}
	list, err := h.users.Providers(page.Context(c), page.Principal(c))
	for _, d := range list {
		f.Options = append(f.Options, parts.Option{Value: string(d.ID), Label: d.Label()})
	}
	return f, err
}

var groupCells = []page.Cell[vpn.UserGroupSummary]{
	{Label: "Name", Text: func(g vpn.UserGroupSummary) string { return g.Name }},
	{Label: "Group ID", Text: func(g vpn.UserGroupSummary) string { return g.ID }},
	{Label: "Provider", Text: func(g vpn.UserGroupSummary) string { return views.ProviderName(g.Provider, g.ProviderName) }},
	{Label: "Provider ID", Text: func(g vpn.UserGroupSummary) string { return string(g.Provider) }},
	{Label: "Users", Text: func(g vpn.UserGroupSummary) string {
		if g.More {
			return "more than " + strconv.Itoa(g.Members)
		}
		return strconv.Itoa(g.Members)
	}},
	{Label: "Rules", Text: func(g vpn.UserGroupSummary) string { return strconv.Itoa(g.Rules) }},
	{Label: "First seen", Text: func(g vpn.UserGroupSummary) string { return page.TimeCell(g.FirstSeen) }},
}
