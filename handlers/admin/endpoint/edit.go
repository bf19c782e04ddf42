package endpoint

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func (h *Endpoints) renderEdit(c echo.Context, typed *endpointInput, refused error) error {
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		return err
	}
	saved := inputOf(view.Endpoint)
	in := saved
	if typed != nil {
		in = *typed
	}
	choices, err := h.endpoints.EndpointChoices(page.Context(c), page.Principal(c), page.Find(c), page.CertificateIDs(in.Certificate)...)
	if err != nil {
		return err
	}
	status := http.StatusOK
	stale := refused != nil && vpn.KindOf(refused) == vpn.Stale
	if stale {
		in.Version = saved.Version // the page now shows what the next save replaces
	}
	offered := endpointChoices{Choices: choices, stored: &view}
	form := parts.Form{
		Action: views.EndpointPath(view.ID, "edit"), Submit: "Modify Client VPN endpoint", Cancel: views.EndpointPath(view.ID),
		Hidden: []parts.Hidden{{Name: "version", Value: in.Version}},
	}
	in.fill(&form, offered)
	switch {
	case stale:
		status = http.StatusConflict
		form.Fail(page.Refusal(refused), form.SavedBefore(saved.fields(offered)))
		form.Intro = "To keep what you typed, choose Modify Client VPN endpoint again: it then replaces what the other administrator saved. To keep that, choose Cancel."
	case refused != nil:
		status = http.StatusUnprocessableEntity
		page.Fail(&form, besideCertificate(view.Endpoint, refused))
	}
	return page.Render(c, status, views.Form(views.FormPage{
		Chrome: h.pages.Chrome(c, "Modify Client VPN endpoint", "endpoints"),
		Header: parts.Header{Crumbs: endpointCrumbs(view.Endpoint, ""), Title: "Modify Client VPN endpoint"},
		Finder: page.Finder(c, views.EndpointPath(view.ID, "edit"), "server certificates", choices.Servers.More), Form: form,
	}))
}

// besideCertificate moves an error of the clients' authority to the field of the server certificate,
// where the authority is that certificate's own: the form has no field for it then.
func besideCertificate(e vpn.Endpoint, refused error) error {
	sentence := vpn.FieldsOf(refused)["client_ca"]
	if sentence == "" || e.ClientCA != e.Certificate || vpn.FieldsOf(refused)["certificate"] != "" {
		return refused
	}
	var c vpn.Check
	for name, s := range vpn.FieldsOf(refused) {
		if name != "client_ca" {
			c.Bad(name, s)
		}
	}
	c.Bad("certificate", sentence)
	return c.Err()
}

// EditForm shows the form that modifies an endpoint.
func (h *Endpoints) EditForm(c echo.Context) error { return h.renderEdit(c, nil, nil) }

// Edit modifies an endpoint.
func (h *Endpoints) Edit(c echo.Context) error {
	in, err := bindEndpoint(c)
	if err != nil {
		return err
	}
	stored, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		return err
	}
	edit, err := in.edit(stored.Endpoint)
	var result endpoint.EditResult
	if err == nil {
		result, err = h.endpoints.EditEndpoint(page.Context(c), page.Principal(c), stored.ID, edit)
	}
	if page.BelongsInForm(err) {
		return h.renderEdit(c, &in, err)
	}
	if err != nil {
		return err
	}
	text := "Client VPN endpoint modified."
	if result.Restarts && result.Connections > 0 {
		text += " " + parts.Count(result.Connections, "connection") + " will be reset for a moment."
	}
	return h.pages.Done(c, text, views.EndpointPath(result.Endpoint.ID))
}
