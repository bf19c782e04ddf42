package network

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
)

// List lists the networks.
func (h *Networks) List(c echo.Context) error {
	l := page.ListOf(c)
	found, err := h.networks.Networks(page.Context(c), page.Principal(c), l)
	if err != nil {
		return err
	}
	list := page.ListView(c, l, found)
	list.Box = true
	list.Caption, list.Noun, list.Plural, list.Hint = "Networks", "network", "networks", "name, ID or CIDR"
	list.Columns = []parts.Column{
		{Key: "name", Label: "Name"}, {Label: "CIDRs"}, {Label: "Subnets", Right: true}, {Key: "created_at", Label: "Created"},
	}
	list.Empty = parts.Empty{
		Title: "No networks yet",
		Text:  "A network is a private network that clients need to reach. Create it with its address ranges, then add subnets to it.",
	}
	if page.Principal(c).Role.MayChange() {
		list.Empty.Action = parts.Button{Label: "Create network", Href: "/networks/new", Tone: "primary"}
	}
	return page.Render(c, http.StatusOK, views.Networks(h.pages.Chrome(c, "Networks", "networks"), list, found.Items))
}
