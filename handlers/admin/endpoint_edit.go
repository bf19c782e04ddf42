package admin

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type endpointEditInput struct {
	Version     string `form:"version"`
	Name        string `form:"name"`
	Description string `form:"description"`
	Certificate string `form:"certificate"`
	Port        string `form:"port"`
}

func editOf(e vpn.Endpoint) endpointEditInput {
	return endpointEditInput{
		Version: strconv.Itoa(e.Version), Name: e.Name, Description: e.Description,
		Certificate: string(e.Certificate), Port: strconv.Itoa(int(e.Listen.Port)),
	}
}

func (in endpointEditInput) edit() vpn.EndpointEdit {
	version, _ := strconv.Atoi(in.Version) // no number is no version that was ever saved
	return vpn.EndpointEdit{
		Version: version, Name: in.Name, Description: in.Description,
		Certificate: vpn.CertificateID(in.Certificate), Port: in.Port,
	}
}

func (in endpointEditInput) form(view control.EndpointView, servers []vpn.Certificate) parts.Form {
	restarts := "Changing it restarts the endpoint; nobody is connected now."
	if view.Connections > 0 {
		restarts = fmt.Sprintf("Changing it resets %s that %s open now; clients return by themselves.",
			parts.Count(view.Connections, "connection"), parts.YesNo(view.Connections == 1, "is", "are"))
	}
	if !slices.ContainsFunc(servers, func(c vpn.Certificate) bool { return c.ID == view.Certificate }) && view.Server.ID != "" {
		servers = append([]vpn.Certificate{view.Server}, servers...) // expired, but still the present one
	}
	return parts.Form{
		Action: views.EndpointPath(view.ID, "edit"), Submit: "Modify Client VPN endpoint", Cancel: views.EndpointPath(view.ID),
		Hidden: []parts.Hidden{{Name: "version", Value: in.Version}},
		Fields: []parts.Field{
			{Name: "name", Label: "Name tag", Value: in.Name, Autocomplete: "off", Focus: true},
			{Name: "description", Label: "Description", Value: in.Description, Help: "A brief description of the Client VPN endpoint.", Autocomplete: "off"},
			{Name: "certificate", Label: "Server certificate", Type: "select", Value: in.Certificate, Required: true,
				Options: certificateOptions("Choose a server certificate", servers), Help: restarts},
			{Name: "port", Label: "VPN port", Value: in.Port, InputMode: "numeric", Required: true, Autocomplete: "off",
				Help: restarts + " Configuration files that were handed out name the old port."},
		},
	}
}

// theirs says beside each field what somebody else saved there.
func (in endpointEditInput) theirs(saved endpointEditInput, certificate string) map[string]string {
	out := map[string]string{}
	differs := func(field, mine, other, shown string) {
		if mine == other {
			return
		}
		if shown == "" {
			shown = "nothing"
		} else {
			shown = "“" + shown + "”"
		}
		out[field] = "Saved by somebody else meanwhile: " + shown + "."
	}
	differs("name", in.Name, saved.Name, saved.Name)
	differs("description", in.Description, saved.Description, saved.Description)
	differs("certificate", in.Certificate, saved.Certificate, certificate)
	differs("port", in.Port, saved.Port, saved.Port)
	return out
}

func (h *Console) drawEndpointEdit(c echo.Context, typed *endpointEditInput, refused error) error {
	view, err := h.control.Endpoint(ctx(c), principal(c), endpointID(c))
	if err != nil {
		return err
	}
	saved := editOf(view.Endpoint)
	in := saved
	if typed != nil {
		in = *typed
	}
	choices, err := h.control.EndpointChoices(ctx(c), principal(c), find(c), chosen(in.Certificate)...)
	if err != nil {
		return err
	}
	status := http.StatusOK
	stale := refused != nil && vpn.KindOf(refused) == vpn.Stale
	if stale {
		in.Version = saved.Version // the person has now seen what they save on top of
	}
	form := in.form(view, choices.Servers.List)
	switch {
	case stale:
		status = http.StatusConflict
		form.Fail(refusal(refused), in.theirs(saved, view.Server.Name))
		form.Intro = "To keep what you typed, choose Modify Client VPN endpoint again: it then replaces what they saved. To keep theirs, choose Cancel."
	case refused != nil:
		status = http.StatusUnprocessableEntity
		fail(&form, besideCertificate(view.Endpoint, refused))
	}
	return render(c, status, views.Form(views.FormPage{
		Chrome: h.chrome(c, "Modify Client VPN endpoint", "endpoints"),
		Header: parts.Header{Crumbs: endpointCrumbs(view.Endpoint, ""), Title: "Modify Client VPN endpoint",
			Note: "The client IPv4 CIDR, the authentication options, the transport protocol and the listen address cannot be modified."},
		Finder: finder(c, views.EndpointPath(view.ID, "edit"), "server certificates", choices.Servers.More), Form: form,
	}))
}

// besideCertificate puts what is wrong with the clients' authority beside the server certificate,
// where that one brings it along: the form has no field of its own for it.
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

// EndpointEditForm shows the form that modifies an endpoint.
func (h *Console) EndpointEditForm(c echo.Context) error { return h.drawEndpointEdit(c, nil, nil) }

// EndpointEdit modifies an endpoint.
func (h *Console) EndpointEdit(c echo.Context) error {
	var in endpointEditInput
	if err := bind(c, &in); err != nil {
		return err
	}
	result, err := h.control.EditEndpoint(ctx(c), principal(c), endpointID(c), in.edit())
	if belongsInForm(err) {
		return h.drawEndpointEdit(c, &in, err)
	}
	if err != nil {
		return err
	}
	text := "Client VPN endpoint modified."
	if result.Restarts && result.Connections > 0 {
		text += " " + parts.Count(result.Connections, "connection") + " will be reset for a moment."
	}
	return h.done(c, text, views.EndpointPath(result.Endpoint.ID))
}
