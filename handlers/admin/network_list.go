package admin

import (
	"net/http"

	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
)

// Networks lists the networks.
func (h *Console) Networks(c echo.Context) error {
	l := listOf(c)
	page, err := h.networks.Networks(ctx(c), principal(c), l)
	if err != nil {
		return err
	}
	list := listView(c, l, page)
	list.Box = true
	list.Caption, list.Noun, list.Plural, list.Hint = "Networks", "network", "networks", "name, ID or CIDR"
	list.Columns = []parts.Column{
		{Key: "name", Label: "Name"}, {Label: "CIDRs"}, {Label: "Subnets", Right: true}, {Key: "created_at", Label: "Created"},
	}
	list.Empty = parts.Empty{
		Title: "No networks yet",
		Text:  "A network is a private network that clients need to reach. Create it with its address ranges, then add subnets to it.",
	}
	if principal(c).Role.MayChange() {
		list.Empty.Action = parts.Button{Label: "Create network", Href: "/networks/new", Tone: "primary"}
	}
	return render(c, http.StatusOK, views.Networks(h.chrome(c, "Networks", "networks"), list, page.Items))
}
