package user

import (
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	"sallyport/control/user"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type blockInput struct {
	Reason string `form:"reason"`
}

// BlockForm asks for confirmation to block the chosen users.
func (h *Users) BlockForm(c echo.Context) error { return h.renderBlock(c, blockInput{}, nil) }

func (h *Users) renderBlock(c echo.Context, in blockInput, refused error) error {
	preview, err := h.users.BlockPreview(page.Context(c), page.Principal(c), page.Picked[vpn.UserID](c))
	if err != nil {
		return err
	}
	confirm := h.confirm(c, preview, func(u vpn.UserSummary) bool { return !u.Blocked() })
	n := len(confirm.Losses)
	confirm.Title, confirm.Button, confirm.Action = "Block "+parts.Count(n, "user")+"?", "Block users", usersPath+"/block"
	if n == 1 {
		confirm.Title, confirm.Button = "Block "+confirm.Losses[0]+"?", "Block user"
	}
	confirm.Text = "Every endpoint refuses " + parts.YesNo(n == 1, "this user", "these users") + " from now on, and their VPN sessions, connections and sessions of the self-service portal end at once. The code UserBlocked and a sentence are shown to them, the reason below is not. You can unblock them later."
	confirm.People = "None of them is connected at this moment."
	if preview.Connections > 0 {
		confirm.People = parts.Count(preview.Connections, "connection") + " will end."
	}
	confirm.Err = page.Refusal(refused)
	if n == 0 {
		confirm.Title, confirm.People = "Block users", ""
		confirm.Blocked = parts.YesNo(len(preview.Users) == 0, "Select at least one user of the list: none of those that were chosen is there any more.", "The chosen users are blocked already.")
	}
	reason := parts.Field{
		Name: "reason", Label: "Reason", Value: in.Reason, Autocomplete: "off", Err: vpn.FieldsOf(refused)["reason"], Help: "For administrators: it stands on the page of the user and in the audit trail.",
	}
	return page.RenderForm(c, refused, views.BlockUsersPage(h.pages.Chrome(c, confirm.Button, section), confirm, reason))
}

// confirm is a confirmation about those of the chosen users that the action concerns.
func (h *Users) confirm(c echo.Context, preview user.BlockPreview, concerns func(vpn.UserSummary) bool) parts.Confirm {
	back := h.back(c, preview)
	confirm := parts.Confirm{About: "The users:", Cancel: back, Hidden: []parts.Hidden{{Name: "return", Value: back}}}
	for _, u := range preview.Users {
		if concerns(u) {
			confirm.Losses = append(confirm.Losses, views.NameOr(u.Name, u.ID)+" ("+views.ProviderName(u.Provider, u.ProviderName)+")")
			confirm.Hidden = append(confirm.Hidden, parts.Hidden{Name: parts.PickName, Value: string(u.ID)})
		}
	}
	return confirm
}

// back is where the answer leads: the list as it was narrowed, or the page of the one user.
func (h *Users) back(c echo.Context, preview user.BlockPreview) string {
	fallback := usersPath
	if len(preview.Users) == 1 {
		fallback = views.UserPath(preview.Users[0].ID)
	}
	return page.LocalPath(strings.TrimSpace(c.FormValue("return")), fallback)
}

// Block blocks the chosen users.
func (h *Users) Block(c echo.Context) error {
	var in blockInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	ids := page.Picked[vpn.UserID](c)
	if len(ids) == 0 {
		return h.renderBlock(c, in, nil)
	}
	done, err := h.users.Block(page.Context(c), page.Principal(c), ids, in.Reason)
	if page.BelongsInForm(err) {
		return h.renderBlock(c, in, err)
	}
	if err != nil {
		return err
	}
	text := parts.Are(len(done.Users), "user") + " blocked."
	if done.Connections > 0 {
		text += " " + parts.Count(done.Connections, "connection") + " will be terminated."
	}
	return h.done(c, ids, "Block users", text, len(done.Users), done.Refused)
}

// UnblockForm asks for confirmation to take blocks back.
func (h *Users) UnblockForm(c echo.Context) error { return h.renderUnblock(c, nil) }

func (h *Users) renderUnblock(c echo.Context, refused error) error {
	preview, err := h.users.BlockPreview(page.Context(c), page.Principal(c), page.Picked[vpn.UserID](c))
	if err != nil {
		return err
	}
	confirm := h.confirm(c, preview, func(u vpn.UserSummary) bool { return u.Blocked() })
	n := len(confirm.Losses)
	confirm.Title, confirm.Button, confirm.Action = "Unblock "+parts.Count(n, "user")+"?", "Unblock users", usersPath+"/unblock"
	if n == 1 {
		confirm.Title, confirm.Button = "Unblock "+confirm.Losses[0]+"?", "Unblock user"
	}
	confirm.Text, confirm.Err = "They can connect again.", page.Refusal(refused)
	if n == 0 {
		confirm.Title = "Unblock users"
		confirm.Blocked = "None of the chosen users is blocked."
	}
	return page.RenderForm(c, refused, views.ConfirmPage(h.pages.Chrome(c, confirm.Button, section), confirm))
}

// Unblock takes the blocks of the chosen users back.
func (h *Users) Unblock(c echo.Context) error {
	ids := page.Picked[vpn.UserID](c)
	if len(ids) == 0 {
		return h.renderUnblock(c, nil)
	}
	n, refused, err := h.users.Unblock(page.Context(c), page.Principal(c), ids)
	if page.BelongsInForm(err) {
		return h.renderUnblock(c, err)
	}
	if err != nil {
		return err
	}
	return h.done(c, ids, "Unblock users", parts.Are(n, "user")+" unblocked.", n, refused)
}

// done shows the result: the list or the page of the user, or the rows that were refused.
func (h *Users) done(c echo.Context, ids []vpn.UserID, button, text string, n int, refused []control.RefusedRow) error {
	preview, err := h.users.BlockPreview(page.Context(c), page.Principal(c), ids)
	if err != nil {
		return err
	}
	back := h.back(c, preview)
	if len(refused) == 0 {
		return h.pages.Done(c, text, back)
	}
	rows := page.RowsOf(preview.Users, func(u vpn.UserSummary) page.Row { return page.Row{ID: string(u.ID), Name: views.NameOr(u.Name, u.ID)} })
	return h.pages.DoneSeveral(c, page.Several{Button: button, Section: section, List: back, Rows: rows}, n, text, refused)
}
