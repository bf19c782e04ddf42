package admin

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func (h *Console) drawEndpointNew(c echo.Context, in endpointInput, refused error) error {
	choices, err := h.endpoints.EndpointChoices(ctx(c), principal(c), find(c), chosen(in.Certificate, in.ClientCA)...)
	if err != nil {
		return err
	}
	if refused == nil && in.Port == "" {
		in.Port = strconv.Itoa(int(choices.FreePort))
	}
	if refused == nil && in.Certificate == "" && len(choices.Servers.List) == 1 {
		in.Certificate = string(choices.Servers.List[0].ID)
	}
	form := parts.Form{
		Action: "/endpoints/new", Submit: "Create Client VPN endpoint", Cancel: "/endpoints",
		Fields: in.fields(endpointChoices{Choices: choices}),
	}
	fail(&form, refused)
	tags := tagRows(in.TagKeys, in.TagValues)
	tags.Err = vpn.FieldsOf(refused)["tags"]
	v := views.FormPage{
		Header: parts.Header{Crumbs: []parts.Crumb{{Label: "Client VPN endpoints", Href: "/endpoints"}}, Title: "Create Client VPN endpoint"},
		Form:   form, Tags: &tags,
	}
	v.Finder = finder(c, "/endpoints/new", "certificates", choices.Servers.More || choices.Authorities.More)
	if len(choices.Servers.List) == 0 && v.Finder == nil {
		v.Notice = &views.Notice{
			Tone: "info", Title: "There is no server certificate yet",
			Text:   "The endpoint needs one, and an authority that issued it. Create an authority, issue a server certificate with it, then come back.",
			Action: parts.Button{Label: "Go to certificates", Href: "/certificates"},
		}
	}
	v.Chrome = h.chrome(c, "Create Client VPN endpoint", "endpoints")
	return renderForm(c, refused, views.Form(v))
}

// EndpointNew shows the form for a new endpoint.
func (h *Console) EndpointNew(c echo.Context) error {
	return h.drawEndpointNew(c, endpointInput{typed: endpointOptions.values(vpn.DefaultOptions())}, nil)
}

// EndpointCreate makes an endpoint.
func (h *Console) EndpointCreate(c echo.Context) error {
	in, err := bindEndpoint(c)
	if err != nil {
		return err
	}
	spec, err := in.spec()
	var e vpn.Endpoint
	if err == nil {
		e, err = h.endpoints.CreateEndpoint(ctx(c), principal(c), spec)
	}
	if belongsInForm(err) {
		return h.drawEndpointNew(c, in, err)
	}
	if err != nil {
		return err
	}
	h.flash(c, "success", "Client VPN endpoint "+views.NameOr(e.Name, e.ID)+" created. Associate a target network so that clients can connect.")
	return c.Redirect(http.StatusSeeOther, views.EndpointPath(e.ID))
}
