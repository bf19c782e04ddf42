package admin

import (
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// ruleInput is a rule as typed. Whom it grants access has one answer until users have groups.
type ruleInput struct {
	Destination string `form:"destination"`
	Description string `form:"description"`
}

func (in ruleInput) form(view endpoint.View, example string) parts.Form {
	return parts.Form{
		Action: views.EndpointPath(view.ID, "rules", "new"), Submit: "Add authorization rule", Cancel: views.EndpointPath(view.ID, "rules"),
		Fields: []parts.Field{
			{Name: "destination", Label: "Destination network to enable access", Value: in.Destination, Required: true, Mono: true, Placeholder: "10.0.0.0/16",
				Autocomplete: "off", Focus: true,
				Help: "The IP address, in CIDR notation, of the network that you want users to access. " + example + "0.0.0.0/0 means everywhere: the internet and every network in the route table, except those with a narrower rule. A route to the destination is needed as well."},
			{Name: "access", Label: "Grant access to", Type: "radio", Value: "all", Required: true,
				Options: []parts.Option{{Value: "all", Label: "Allow access to all users", Help: "Every client that can connect. Access groups need user-based authentication, which is not available yet."}}},
			{Name: "description", Label: "Description", Value: in.Description, Help: "A brief description of the authorization rule.", Autocomplete: "off"},
		},
	}
}

func (h *Console) drawRuleNew(c echo.Context, in ruleInput, refused error) error {
	view, err := h.endpoints.Endpoint(ctx(c), principal(c), endpointID(c))
	if err != nil {
		return err
	}
	form := in.form(view, h.networkExample(c, view))
	fail(&form, refused)
	head := parts.Header{Crumbs: endpointCrumbs(view.Endpoint, "rules"), Title: "Add authorization rule"}
	return renderForm(c, refused, views.Form(views.FormPage{Chrome: h.chrome(c, "Add authorization rule", "endpoints"), Header: head, Form: form}))
}

// networkExample names the ranges of the endpoint's own network, the usual destination.
func (h *Console) networkExample(c echo.Context, view endpoint.View) string {
	if view.Network == "" {
		return ""
	}
	n, err := h.networks.Network(ctx(c), principal(c), view.Network)
	if err != nil {
		return "" // the sentence does without
	}
	var cidrs []string
	for _, p := range n.CIDRs {
		cidrs = append(cidrs, p.String())
	}
	return "The network of this endpoint has " + strings.Join(cidrs, ", ") + ". "
}

// RuleNew shows the form for an authorization rule.
func (h *Console) RuleNew(c echo.Context) error { return h.drawRuleNew(c, ruleInput{}, nil) }

// RuleAuthorize adds an authorization rule.
func (h *Console) RuleAuthorize(c echo.Context) error {
	var in ruleInput
	if err := bind(c, &in); err != nil {
		return err
	}
	r, err := h.endpoints.Authorize(ctx(c), principal(c), endpointID(c), vpn.RuleSpec{
		Destination: in.Destination, AllUsers: true, Description: in.Description,
	})
	if belongsInForm(err) {
		return h.drawRuleNew(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.done(c, "Authorization rule for "+r.Destination.String()+" added.", views.EndpointPath(r.Endpoint, "rules"))
}
