// Package quickstart holds the form that makes a whole VPN.
package quickstart

import (
	"cmp"

	"github.com/labstack/echo/v4"

	"sallyport/control/quickstart"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// QuickStart is the form.
type QuickStart struct {
	pages *page.Pages
	start *quickstart.Service
}

// New makes the actions.
func New(pages *page.Pages, service *quickstart.Service) QuickStart {
	return QuickStart{pages, service}
}

type input struct {
	Name       string `form:"name"`
	CIDR       string `form:"cidr"`
	PublicName string `form:"public_name"`
	Subnet     string `form:"subnet"`
	Zone       string `form:"zone"`
	ClientCIDR string `form:"client_cidr"`
	Port       string `form:"port"`
	Client     string `form:"client"`
}

func (in input) spec() vpn.QuickStartSpec {
	return vpn.QuickStartSpec{
		Name: in.Name, CIDR: in.CIDR, PublicName: in.PublicName, Subnet: in.Subnet, Zone: in.Zone, ClientCIDR: in.ClientCIDR, Port: in.Port, Client: in.Client,
	}
}

const proposed = "Everything else"

// Form shows the form with what is proposed.
func (h QuickStart) Form(c echo.Context) error { return h.render(c, input{}, nil) }

func (h QuickStart) render(c echo.Context, in input, refused error) error {
	p, err := h.start.Proposal(page.Context(c), page.Principal(c))
	if err != nil {
		return err
	}
	form := parts.Form{
		Action: views.QuickStartPath, Submit: "Create VPN", Cancel: "/",
		Sections: []parts.Section{{Title: proposed, Folds: true, Help: "What is proposed fits this host. It can be changed here; the range of the clients cannot be changed later."}},
		Fields: []parts.Field{
			{Name: "name", Label: "Name", Value: in.Name, Required: true, Autocomplete: "off", Placeholder: "Office", Focus: true, Help: "Of the endpoint, its network and its certificate authority."},
			{Name: "cidr", Label: "Private network", Value: in.CIDR, Required: true, Mono: true, Autocomplete: "off", Placeholder: "10.0.0.0/16", Help: "The IPv4 CIDR of the network that users are to reach. This host must have a route to it."},
		},
	}
	if !p.Named {
		form.Fields = append(form.Fields, publicName(cmp.Or(in.PublicName, p.PublicName), p.OwnAddress))
	}
	form.Fields = append(form.Fields,
		parts.Field{Section: proposed, Name: "subnet", Label: "Subnet", Value: in.Subnet, Mono: true, Autocomplete: "off", Help: "The part of the network by which clients enter it. If empty: the narrowest part to which this host has a route, or else the first /24."},
		parts.Field{Section: proposed, Name: "zone", Label: "Availability zone", Value: cmp.Or(in.Zone, p.Zone), Mono: true, Autocomplete: "off", Help: "A name for the location of the subnet."},
		parts.Field{Section: proposed, Name: "client_cidr", Label: "Client IPv4 CIDR", Value: cmp.Or(in.ClientCIDR, p.ClientCIDR), Mono: true, Autocomplete: "off", Help: "The range from which clients are given addresses, /12 to /22, used nowhere else."},
		parts.Field{Section: proposed, Name: "port", Label: "VPN port (UDP)", Value: cmp.Or(in.Port, p.Port), InputMode: "numeric", Autocomplete: "off"},
		parts.Field{Section: proposed, Name: "client", Label: "First user", Value: cmp.Or(in.Client, p.Client), Autocomplete: "off", Help: "The common name of the first client certificate; connections are listed under it."},
	)
	page.Fail(&form, refused)
	v := views.FormPage{
		Chrome: h.pages.Chrome(c, "Quick start", "start"),
		Header: parts.Header{Crumbs: []parts.Crumb{{Label: "Overview", Href: "/"}}, Title: "Quick start",
			Note: "One form makes a certificate authority with a server and a client certificate, the network, an endpoint with split tunnel, its target network and a rule for all users. Then download the first user's configuration file."},
		Form: form,
	}
	if len(p.Endpoints) > 0 {
		v.Notice = &views.Notice{Tone: "info", Title: "There is an endpoint already", Text: "This form makes another one, with a network and certificates of its own."}
	}
	return page.RenderForm(c, refused, views.Form(v))
}

// publicName asks for it. own is this host's address, and "" where it is not known.
func publicName(value, own string) parts.Field {
	f := parts.Field{Name: "public_name", Label: "Public name", Value: value, Required: true, Mono: true, Autocomplete: "off", Placeholder: "vpn.example.com",
		Help: "The host name, or the address, at which users reach this host from where they are. It is part of every configuration file."}
	switch {
	case own == "":
	case value == own:
		f.Help += " Proposed is this host's own address."
	default:
		f.Help += " This host's own address is " + own + "."
	}
	return f
}

// Start makes all of it.
func (h QuickStart) Start(c echo.Context) error {
	var in input
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	made, err := h.start.Start(page.Context(c), page.Principal(c), in.spec())
	if page.BelongsInForm(err) {
		return h.render(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Client VPN endpoint "+made.Endpoint.Label()+" is made, with its network, certificates and rule. Download the file of "+made.Client.CommonName+" here, and connect with it from another machine. This page says from when on clients can.",
		views.ConfigurationForPath(made.Endpoint.ID, made.Client.ID))
}
