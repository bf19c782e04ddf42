package endpoint

import (
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type routeInput struct {
	Destination string   `form:"destination"`
	Target      string   `form:"target"`
	Subnets     []string `form:"subnet"`
	Description string   `form:"description"`
}

// throughSubnets is the choice of the form that a route leads through subnets.
const throughSubnets = "subnets"

// spec is the request. A request without the choice names subnets, or local in place of one.
func (in routeInput) spec() vpn.RouteSpec {
	spec := vpn.RouteSpec{Destination: in.Destination, Targets: in.Subnets, Description: in.Description}
	if in.Target == vpn.LocalTarget {
		spec.Targets = []string{vpn.LocalTarget}
	}
	return spec
}

func (in routeInput) form(view endpoint.View) parts.Form {
	var subnets []parts.Option
	for _, a := range view.Associations {
		if a.Removed == 0 {
			subnets = append(subnets, parts.Option{Value: string(a.Subnet), Label: views.TargetLabel(a)})
		}
	}
	if in.Target == "" {
		in.Target = throughSubnets
		if len(subnets) == 0 || slices.Contains(in.Subnets, vpn.LocalTarget) {
			in.Target = vpn.LocalTarget
		}
	}
	fields := []parts.Field{
		{Section: sectionDestination, Name: "destination", Label: "Route destination", Value: in.Destination, Required: true, Mono: true, Placeholder: "0.0.0.0/0", Autocomplete: "off", Focus: true,
			Help: "The IPv4 CIDR range of the destination network. For internet access, enter 0.0.0.0/0. Clients also need an authorization rule for it."},
		{Section: sectionTarget, Name: "target", Label: "Target", Type: "radio", Value: in.Target, Required: true, Options: []parts.Option{
			{Value: throughSubnets, Label: "Target networks", Help: "Traffic leaves through the associated subnets that are chosen below.", Disabled: len(subnets) == 0},
			{Value: vpn.LocalTarget, Label: "local – between clients of this endpoint", Help: "The destination is the client CIDR, " + view.ClientCIDR.String() + "."},
		}},
	}
	if len(subnets) > 0 {
		help := "The associated subnet through which to route traffic."
		if len(subnets) > 1 {
			help = "The associated subnets through which to route traffic. A session has the routes of one target network: leave all of them ticked for every session to reach the destination."
		}
		fields = append(fields, parts.Field{Section: sectionTarget, Name: "subnet", Label: "Subnet ID for target network association", Type: "checks", Values: in.Subnets, Options: subnets, Required: true,
			Follow: parts.Follow{Choice: "target", Chosen: in.Target, Shown: []string{throughSubnets}}, Help: help})
	}
	return parts.Form{
		Action: views.EndpointPath(view.ID, "routes", "new"), Submit: "Create route", Cancel: views.EndpointPath(view.ID, "routes"),
		Sections: []parts.Section{{Title: sectionDestination}, {Title: sectionTarget}, {Title: sectionDetails}},
		Fields: append(fields, parts.Field{
			Section: sectionDetails, Name: "description", Label: "Description", Value: in.Description, Help: "A brief description of the route.", Autocomplete: "off",
		}),
	}
}

func (h *Routes) renderNew(c echo.Context, in *routeInput, refused error) error {
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		return err
	}
	if in == nil { // every target network, so that every session reaches the destination
		in = &routeInput{Destination: c.QueryParam("destination")}
		for _, a := range view.Associations {
			if a.Removed == 0 {
				in.Subnets = append(in.Subnets, string(a.Subnet))
			}
		}
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

// New shows the form for a route. The query may name the destination.
func (h *Routes) New(c echo.Context) error { return h.renderNew(c, nil, nil) }

// Create adds a route through each chosen target. Where clients have to learn of it, the answer first asks when, and where
// the way to the destination is doubtful it says so first.
func (h *Routes) Create(c echo.Context) error {
	var in routeInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	if page.GoesBack(c) {
		return h.renderNew(c, &in, nil)
	}
	id, consent := endpointID(c), page.Consent(c)
	what, err := h.endpoints.AnnounceRoutes(page.Context(c), page.Principal(c), id, in.spec())
	if err == nil {
		if ask := what.Did.Choice() && what.Did.Connections > 0 || len(what.Did.Notes) > 0; ask && consent.Announced == "" {
			return h.announce(c, routeStep{title: "Create route", button: "Create route", path: []string{"routes", "new"}, back: true}, what, nil)
		}
		what, err = h.endpoints.CreateRoutes(page.Context(c), page.Principal(c), id, in.spec(), consent)
	}
	if page.BelongsInForm(err) {
		return h.renderNew(c, &in, err)
	}
	if err != nil {
		return err
	}
	text := "Route to " + what.Routes[0].Destination.String() + " created."
	if n := len(what.Routes); n > 1 {
		text = "Route to " + what.Routes[0].Destination.String() + " created through " + parts.Count(n, "target network") + "."
	}
	next := page.Next{Label: "Authorize who reaches it", Href: views.ForDestinationPath(id, what.Routes[0].Destination, "rules", "new")}
	return h.pages.Done(c, text+page.WhenLearned(what.Did, consent), views.EndpointPath(id, "routes"), next)
}

// routeStep is the step before routes are added.
type routeStep struct {
	title, button string
	path          []string // that it posts to, below the endpoint's
	back          bool     // there is a form to go back to
}

// announce shows what the posted routes do. refused is why they were not added: nil where it was not tried.
func (h *Routes) announce(c echo.Context, step routeStep, what endpoint.AddedRoutes, refused error) error {
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		return err
	}
	return page.RenderAnnouncement(c, views.Announcement{
		Chrome: h.pages.Chrome(c, step.title, "endpoints"),
		Header: parts.Header{Crumbs: endpointCrumbs(view.Endpoint, "routes"), Title: step.title},
		Intro:  "New routes: " + routesText(view, what.Routes) + ".",
		What:   what.Did, Action: views.EndpointPath(view.ID, step.path...), Button: step.button, Cancel: views.EndpointPath(view.ID, "routes"),
		Back: step.back, Hidden: page.Typed(c),
	}, refused)
}

// routesText lists routes by destination: "0.0.0.0/0 through office-a and office-b".
func routesText(view endpoint.View, routes []vpn.Route) string {
	names := subnetNames(view)
	var order []string
	through := map[string][]string{}
	for _, r := range routes {
		d := r.Destination.String()
		if through[d] == nil {
			order = append(order, d)
		}
		through[d] = append(through[d], views.NameOr(names[r.Subnet], r.Subnet))
	}
	for i, d := range order {
		order[i] = d + " through " + vpn.JoinWords(through[d])
	}
	return strings.Join(order, "; ")
}

func subnetNames(view endpoint.View) map[vpn.SubnetID]string {
	names := map[vpn.SubnetID]string{}
	for _, a := range view.Associations {
		names[a.Subnet] = a.SubnetName
	}
	return names
}
