package network

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/control/network"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func (h *Networks) renderEdit(c echo.Context, typed *networkInput, refused error) error {
	n, err := h.networks.Network(page.Context(c), page.Principal(c), networkID(c))
	if err != nil {
		return err
	}
	saved := inputOf(n)
	in := saved
	if typed != nil {
		in = *typed
	}
	stale := refused != nil && vpn.KindOf(refused) == vpn.Stale
	if stale {
		in.Version = saved.Version // the page now shows what the next save replaces
	}
	form := in.form(" The routes of endpoints whose target networks are subnets of this network follow.")
	form.Action, form.Submit, form.Cancel = views.NetworkPath(n.ID, "edit"), "Modify network", views.NetworkPath(n.ID)
	form.Hidden = []parts.Hidden{{Name: "version", Value: in.Version}}
	view := views.FormPage{Chrome: h.pages.Chrome(c, "Modify network", "networks"), Header: parts.Header{Crumbs: below(n), Title: "Modify network"}}
	if !stale {
		page.Fail(&form, refused)
		view.Form = form
		return page.RenderForm(c, refused, views.Form(view))
	}
	page.FailStaleText(&form, refused, in.plain(), saved.plain())
	view.Form = form
	return page.Render(c, http.StatusConflict, views.Form(view))
}

// EditForm shows the form that modifies a network.
func (h *Networks) EditForm(c echo.Context) error { return h.renderEdit(c, nil, nil) }

// Edit modifies a network, after what that does to running sessions was shown.
func (h *Networks) Edit(c echo.Context) error {
	var in networkInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	if in.Rearrange() || page.GoesBack(c) {
		return h.renderEdit(c, &in, nil)
	}
	edit := in.edit()
	what, err := h.networks.AnnounceNetworkEdit(page.Context(c), page.Principal(c), networkID(c), edit)
	if err == nil {
		edit.Consent = page.Consent(c)
		if edit.Consent.Announced == "" && what.Did.Kind() != "" {
			return h.renderAnnouncement(c, in, what, nil)
		}
		if what, err = h.networks.EditNetwork(page.Context(c), page.Principal(c), networkID(c), edit); errors.Is(err, vpn.ErrUnannounced) {
			return h.renderAnnouncement(c, in, what, err)
		}
	}
	if page.BelongsInForm(err) {
		return h.renderEdit(c, &in, err)
	}
	if err != nil {
		return err
	}
	if len(what.Unruled) == 0 {
		return h.pages.Done(c, editDone(what, edit.Consent), views.NetworkPath(what.After.ID))
	}
	first := what.Unruled[0]
	return h.pages.Done(c, editDone(what, edit.Consent), views.NetworkPath(what.After.ID), page.Next{
		Label: "Add authorization rule for " + first.Ranges[0].String(), Href: views.ForDestinationPath(first.Endpoint.ID, first.Ranges[0], "rules", "new"),
	})
}

// renderAnnouncement shows what the posted modification does. refused is why it was not made: nil where it was not
// tried.
func (h *Networks) renderAnnouncement(c echo.Context, in networkInput, what network.NetworkChange, refused error) error {
	n := what.Before
	intro := ""
	if len(what.Endpoints) > 0 {
		intro = "The routes of " + views.EndpointNames(what.Endpoints) + " follow the network."
	}
	return page.RenderAnnouncement(c, views.Announcement{
		Chrome:  h.pages.Chrome(c, "Modify network", "networks"),
		Header:  parts.Header{Crumbs: below(n), Title: "Modify network " + views.NameOr(n.Name, n.ID)},
		Intro:   intro,
		Changes: parts.Changes(inputOf(n).plain(), inputOf(what.After).plain()),
		What:    what.Did, Action: views.NetworkPath(n.ID, "edit"), Button: "Modify network", Cancel: views.NetworkPath(n.ID),
		Back: true, Hidden: page.Typed(c),
	}, refused)
}

// maxUnruledNamed is how many endpoints without a rule a success names.
const maxUnruledNamed = 3

// editDone says what a modification did.
func editDone(done network.NetworkChange, consent vpn.Consent) string {
	text := "Network " + views.NameOr(done.After.Name, done.After.ID) + " modified."
	if len(done.Endpoints) > 0 {
		text += " The routes of " + parts.Count(len(done.Endpoints), "endpoint") + " follow."
	}
	for _, x := range done.Unruled[:min(len(done.Unruled), maxUnruledNamed)] {
		text += " Clients of " + x.Endpoint.Label() + " reach nothing in " + views.Prefixes(x.Ranges) + " until an authorization rule is added."
	}
	return text + page.WhenLearned(done.Did, consent)
}
