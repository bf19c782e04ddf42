package endpoint

import (
	"errors"
	"maps"
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
		page.FailStale(&form, refused, saved.fields(offered))
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
	detail, ok := errors.AsType[*vpn.Error](refused)
	if !ok || sentence == "" || !e.OwnAuthority() || detail.Fields["certificate"] != "" {
		return refused
	}
	fields := maps.Clone(detail.Fields)
	delete(fields, "client_ca")
	fields["certificate"] = sentence
	return detail.Beside(fields)
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
	if page.GoesBack(c) {
		return h.renderEdit(c, &in, nil)
	}
	edit := in.edit(stored)
	what, err := h.endpoints.AnnounceEdit(page.Context(c), page.Principal(c), stored.ID, edit)
	var result endpoint.EditResult
	if err == nil {
		edit.Consent = page.Consent(c)
		if edit.Consent.Announced == "" && what.Kind() != "" {
			return h.renderAnnouncement(c, stored, edit, what, nil)
		}
		if err = what.Check(edit.Consent); err != nil {
			return h.renderAnnouncement(c, stored, edit, what, err)
		}
		result, err = h.endpoints.EditEndpoint(page.Context(c), page.Principal(c), stored.ID, edit)
		if errors.Is(err, vpn.ErrUnannounced) { // in the moment since
			return h.renderAnnouncement(c, stored, edit, result.Did, err)
		}
	}
	if page.BelongsInForm(err) {
		return h.renderEdit(c, &in, err)
	}
	if err != nil {
		return err
	}
	to := views.EndpointPath(result.Endpoint.ID)
	if len(result.Did.Files) > 0 {
		to = views.EndpointPath(result.Endpoint.ID, "configuration")
	}
	return h.pages.Done(c, editDone(result, edit.Consent), to)
}

// editDone says what a modification did.
func editDone(result endpoint.EditResult, consent vpn.Consent) string {
	text := "Client VPN endpoint modified."
	switch did := result.Did; {
	case len(did.Files) > 0:
		text += needFile(did.People)
	case did.Connections == 0:
	case len(did.Restart) > 0:
		text += " " + parts.Count(did.Connections, "connection") + " will be reset for a moment."
	default:
		text += page.WhenLearned(did, consent)
	}
	return text
}

// needFile says how many of the people who were connected need a new configuration file; "" for none.
func needFile(people int) string {
	if people == 0 {
		return ""
	}
	return " " + parts.YesNo(people == 1, "1 user needs", parts.Number(people)+" users need") + " a new file."
}
