package endpoint

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type routeInput struct {
	Destination string `form:"destination"`
	Subnet      string `form:"subnet"`
	Description string `form:"description"`
}

func (in routeInput) form(view endpoint.View) parts.Form {
	subnets := []parts.Option{{Label: "Choose a subnet"}}
	for _, a := range view.Associations {
		if a.Removed == 0 {
			label := string(a.Subnet) + ", " + a.CIDR.String() + ", " + a.Zone
			if a.SubnetName != "" {
				label = a.SubnetName + " (" + string(a.Subnet) + "), " + a.CIDR.String() + ", " + a.Zone
			}
			subnets = append(subnets, parts.Option{Value: string(a.Subnet), Label: label})
		}
	}
	if len(subnets) == 2 && in.Subnet == "" {
		in.Subnet = subnets[1].Value
	}
	subnets = append(subnets, parts.Option{Value: vpn.LocalTarget, Label: "local – between clients of this endpoint"})
	return parts.Form{
		Action: views.EndpointPath(view.ID, "routes", "new"), Submit: "Create route", Cancel: views.EndpointPath(view.ID, "routes"),
		Sections: []parts.Section{{Title: sectionDestination}, {Title: sectionTarget}, {Title: sectionDetails}},
		Fields: []parts.Field{
			{Section: sectionDestination, Name: "destination", Label: "Route destination", Value: in.Destination, Required: true, Mono: true, Placeholder: "0.0.0.0/0", Autocomplete: "off", Focus: true,
				Help: "The IPv4 CIDR range of the destination network. For internet access, enter 0.0.0.0/0. Clients also need an authorization rule for it."},
			{Section: sectionTarget, Name: "subnet", Label: "Subnet ID for target network association", Type: "select", Value: in.Subnet, Options: subnets, Required: true,
				Help: "The associated subnet through which to route traffic. For traffic between clients, choose local; its destination is the client CIDR, " + view.ClientCIDR.String() + "."},
			{Section: sectionDetails, Name: "description", Label: "Description", Value: in.Description, Help: "A brief description of the route.", Autocomplete: "off"},
		},
	}
}

func (h *Routes) renderNew(c echo.Context, in routeInput, refused error) error {
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		return err
	}
	v := views.FormPage{
		Header: parts.Header{Crumbs: endpointCrumbs(view.Endpoint, "routes"), Title: "Create route"},
		Form:   in.form(view),
	}
	page.Fail(&v.Form, refused)
	if len(view.Associations) == 0 {
		v.Notice = &views.Notice{Tone: "info", Title: "No target network is associated yet",
			Text:   "A route leads through an associated subnet. Until there is one, only the local route can be created.",
			Action: parts.Button{Label: "Associate target network", Href: views.EndpointPath(view.ID, "associations", "new")}}
	}
	v.Chrome = h.pages.Chrome(c, "Create route", "endpoints")
	return page.RenderForm(c, refused, views.Form(v))
}

// New shows the form for a route.
func (h *Routes) New(c echo.Context) error { return h.renderNew(c, routeInput{}, nil) }

// Create adds a route.
func (h *Routes) Create(c echo.Context) error {
	var in routeInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	r, err := h.endpoints.CreateRoute(page.Context(c), page.Principal(c), endpointID(c), vpn.RouteSpec{
		Destination: in.Destination, Target: in.Subnet, Description: in.Description,
	})
	if page.BelongsInForm(err) {
		return h.renderNew(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Route to "+r.Destination.String()+" created.", views.EndpointPath(r.Endpoint, "routes"))
}
