package endpoint

import (
	"cmp"
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func (h *Endpoints) renderNew(c echo.Context, in endpointInput, refused error) error {
	choices, err := h.endpoints.EndpointChoices(page.Context(c), page.Principal(c), page.Find(c), page.CertificateIDs(in.Certificate, in.ClientCA)...)
	if err != nil {
		return err
	}
	if in.fresh {
		in.Mutual = parts.TickedOn
		in.Port, in.ClientCIDR = strconv.Itoa(int(choices.FreePort)), choices.FreeCIDR
		in.presetProvider(choices)
		if len(choices.Servers.List) == 1 {
			in.Certificate = string(choices.Servers.List[0].ID)
		}
	}
	form := parts.Form{Action: "/endpoints/new", Submit: "Create Client VPN endpoint", Cancel: "/endpoints"}
	in.fill(&form, endpointChoices{Choices: choices})
	page.Fail(&form, refused)
	v := views.FormPage{
		Header: parts.Header{Crumbs: listCrumbs, Title: "Create Client VPN endpoint"},
		Form:   form,
	}
	v.Finder = page.Finder(c, "/endpoints/new", "certificates", choices.Servers.More || choices.Authorities.More || choices.Clients.More)
	if choices.Unnamed {
		v.Notice = &views.Notice{
			Tone: "warning", Title: "No public name is set",
			Text: "Configuration files of this endpoint would name " + cmp.Or(choices.OwnAddress, "no host") + ", this host's own address, which users outside may not reach. " +
				"Set the public name before you hand the first file out: with another name each file has to be replaced.",
			Action: parts.Button{Label: "Set the public name", Href: "/settings#public_name"},
		}
	}
	if len(choices.Servers.List) == 0 && v.Finder == nil {
		v.Notice = &views.Notice{
			Tone: "info", Title: "There is no server certificate yet",
			Text:   "The endpoint needs one, and an authority that issued it. Create an authority, issue a server certificate with it, then come back.",
			Action: parts.Button{Label: "Go to certificates", Href: "/certificates"},
		}
	}
	v.Chrome = h.pages.Chrome(c, "Create Client VPN endpoint", "endpoints")
	return page.RenderForm(c, refused, views.Form(v))
}

// New shows the form for a new endpoint.
func (h *Endpoints) New(c echo.Context) error {
	return h.renderNew(c, endpointInput{fresh: true, typed: endpointOptions.values(vpn.DefaultOptions())}, nil)
}

// Create creates an endpoint.
func (h *Endpoints) Create(c echo.Context) error {
	in, err := bindEndpoint(c)
	if err != nil {
		return err
	}
	if in.Rearrange() {
		return h.renderNew(c, in, nil)
	}
	e, err := h.endpoints.CreateEndpoint(page.Context(c), page.Principal(c), in.spec())
	if page.BelongsInForm(err) {
		return h.renderNew(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Client VPN endpoint "+views.NameOr(e.Name, e.ID)+" created.", views.EndpointPath(e.ID), page.Next{Label: "Associate a target network, so that clients can connect", Href: views.EndpointPath(e.ID, "associations", "new")})
}
