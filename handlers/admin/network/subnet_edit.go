package network

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func (h *Subnets) renderEdit(c echo.Context, typed *subnetInput, refused error) error {
	s, err := h.networks.Subnet(page.Context(c), page.Principal(c), subnetID(c))
	if err != nil {
		return err
	}
	n, err := h.networks.Network(page.Context(c), page.Principal(c), s.Network)
	if err != nil {
		return err
	}
	saved := inputOfSubnet(s.Subnet)
	in := saved
	if typed != nil {
		in = *typed
	}
	stale := refused != nil && vpn.KindOf(refused) == vpn.Stale
	if stale {
		in.Version = saved.Version // the page now shows what the next save replaces
	}
	form := in.details(
		parts.Field{Name: "cidr", Label: "IPv4 CIDR", Type: "fact", Value: s.CIDR.String()},
		parts.Field{Name: "zone", Label: "Availability zone", Type: "fact", Value: s.Zone, Help: "Range and zone cannot be changed. Delete the subnet and create another to replace them."},
	)
	form.Action, form.Submit, form.Cancel = views.SubnetPath(s.ID, "edit"), "Modify subnet", views.NetworkPath(n.ID)
	form.Hidden = []parts.Hidden{{Name: "version", Value: in.Version}}
	view := views.FormPage{
		Chrome: h.pages.Chrome(c, "Modify subnet", "networks"),
		Header: parts.Header{Crumbs: below(n), Title: "Modify subnet " + views.NameOr(s.Name, s.ID)},
	}
	if !stale {
		page.Fail(&form, refused)
		view.Form = form
		return page.RenderForm(c, refused, views.Form(view))
	}
	page.FailStaleText(&form, refused, in.plain(), saved.plain())
	view.Form = form
	return page.Render(c, http.StatusConflict, views.Form(view))
}

// EditForm shows the form that modifies a subnet.
func (h *Subnets) EditForm(c echo.Context) error { return h.renderEdit(c, nil, nil) }

// Edit modifies a subnet.
func (h *Subnets) Edit(c echo.Context) error {
	var in subnetInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	if in.Rearrange() {
		return h.renderEdit(c, &in, nil)
	}
	s, err := h.networks.EditSubnet(page.Context(c), page.Principal(c), subnetID(c), vpn.SubnetEdit{
		Version: typedVersion(in.Version), Name: in.Name, Description: in.Description, Tags: in.Tags(),
	})
	if page.BelongsInForm(err) {
		return h.renderEdit(c, &in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Subnet "+views.NameOr(s.Name, s.ID)+" modified.", views.NetworkPath(s.Network))
}
