package access

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// several are the accounts that a request chooses, to be disabled or let in again. Those that stay as they are are
// named with the reason.
func (h *Administrators) several(disable bool) page.Choose[vpn.AdministratorID] {
	return func(c echo.Context) (page.Several, []vpn.AdministratorID, error) {
		s := page.Several{
			Crumbs: []parts.Crumb{{Label: "Administrators", Href: "/administrators"}},
			Title:  "Enable", Text: "They can sign in again with their passwords.", About: "These accounts:",
			Button: "Enable accounts", Section: "administrators", Path: "/administrators/enable", List: "/administrators",
		}
		if disable {
			s.Title, s.Text = "Disable", "They cannot sign in any more, and their sessions end at once."
			s.Button, s.Path = "Disable accounts", "/administrators/disable"
		}
		ids := page.Picked[vpn.AdministratorID](c)
		for _, id := range ids {
			a, err := h.access.Administrator(page.Context(c), page.Principal(c), id)
			if vpn.KindOf(err) == vpn.NotFound {
				continue
			}
			if err != nil {
				return s, nil, err
			}
			if err := a.CheckDisable(disable); err != nil {
				s.Stay = append(s.Stay, parts.Fact(a.Username, page.Refusal(err)))
				continue
			}
			s.Rows = append(s.Rows, page.Row{ID: string(id), Name: a.Username})
		}
		s.Title += " " + parts.Count(len(s.Rows), "account") + "?"
		return s, ids, nil
	}
}

func (h *Administrators) setDisabled(c echo.Context, disable bool, done string) error {
	return page.ActOnSeveral(h.pages, c, h.several(disable), page.OneByOne(func(id vpn.AdministratorID) error {
		return h.access.SetDisabled(page.Context(c), page.Principal(c), id, disable)
	}), func(n int) string { return parts.Count(n, "account") + " " + done + "." })
}

// DisableSeveralForm asks for confirmation to disable several accounts.
func (h *Administrators) DisableSeveralForm(c echo.Context) error {
	return page.AskSeveral(h.pages, c, h.several(true))
}

// DisableSeveral disables several accounts. Each is a change of its own.
func (h *Administrators) DisableSeveral(c echo.Context) error {
	return h.setDisabled(c, true, "disabled")
}

// EnableSeveralForm asks for confirmation to let several accounts sign in again.
func (h *Administrators) EnableSeveralForm(c echo.Context) error {
	return page.AskSeveral(h.pages, c, h.several(false))
}

// EnableSeveral lets several accounts sign in again. Each is a change of its own.
func (h *Administrators) EnableSeveral(c echo.Context) error {
	return h.setDisabled(c, false, "enabled")
}
