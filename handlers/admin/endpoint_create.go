package admin

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// endpointInput is a new endpoint as typed.
type endpointInput struct {
	Name        string   `form:"name"`
	Description string   `form:"description"`
	ClientCIDR  string   `form:"client_cidr"`
	Certificate string   `form:"certificate"`
	ClientCA    string   `form:"client_ca"`
	Transport   string   `form:"transport"`
	ListenAddr  string   `form:"listen_addr"`
	Port        string   `form:"port"`
	TagKeys     []string `form:"tag_key"`
	TagValues   []string `form:"tag_value"`
}

func (in endpointInput) spec() vpn.EndpointSpec {
	return vpn.EndpointSpec{
		Name: in.Name, Description: in.Description, ClientCIDR: in.ClientCIDR,
		Certificate: vpn.CertificateID(in.Certificate), ClientCA: vpn.CertificateID(in.ClientCA),
		Transport: vpn.Transport(in.Transport), ListenAddr: in.ListenAddr, Port: in.Port, Tags: tagsOf(in.TagKeys, in.TagValues),
	}
}

func (in endpointInput) form(choices control.EndpointChoices) parts.Form {
	return parts.Form{
		Action: "/endpoints/new", Submit: "Create Client VPN endpoint", Cancel: "/endpoints",
		Fields: []parts.Field{
			{Name: "name", Label: "Name tag", Value: in.Name, Help: "What lists call the endpoint.", Autocomplete: "off", Focus: true},
			{Name: "description", Label: "Description", Value: in.Description, Help: "A brief description of the Client VPN endpoint.", Autocomplete: "off"},
			{Name: "client_cidr", Label: "Client IPv4 CIDR", Value: in.ClientCIDR, Required: true, Mono: true, Placeholder: "10.0.0.0/22", Autocomplete: "off", Help: clientCIDRHelp(in.ClientCIDR)},
			{Name: "certificate", Label: "Server certificate", Type: "select", Value: in.Certificate, Required: true,
				Options: certificateOptions("Choose a server certificate", choices.Servers.List),
				Help:    "Clients use the server certificate to authenticate the Client VPN endpoint to which they are connecting."},
			{Name: "authentication", Label: "Authentication options", Type: "radio", Value: "mutual", Required: true,
				Options: []parts.Option{{Value: "mutual", Label: "Use mutual authentication", Help: "Clients prove themselves with a certificate. It cannot be changed after the endpoint is created."}}},
			{Name: "client_ca", Label: "Client certificate", Type: "select", Value: in.ClientCA, Required: true,
				Options: certificateOptions("The server certificate's own authority", choices.Authorities.List),
				Help:    "Client certificates must be issued by this authority. Where server and client certificates come from the same authority, keep the server certificate's own."},
			{Name: "transport", Label: "Transport Protocol", Type: "select", Value: in.Transport, Required: true,
				Options: []parts.Option{{Value: string(vpn.UDP), Label: "UDP"}, {Value: string(vpn.TCP), Label: "TCP"}},
				Help:    "UDP typically offers better performance than TCP. You cannot change the transport protocol after you create the Client VPN endpoint."},
			{Name: "listen_addr", Label: "Listen address", Value: in.ListenAddr, Mono: true, Placeholder: "192.0.2.10", Autocomplete: "off",
				Help: "One of this host's IPv4 addresses, where clients reach only that one. Where left empty, the endpoint listens on every address of this host. It cannot be changed later."},
			{Name: "port", Label: "VPN port", Value: in.Port, InputMode: "numeric", Required: true, Autocomplete: "off", Help: portHelp(choices.FreePort)},
		},
	}
}

// clientCIDRHelp explains the field in the guide's terms (lines 246 and 1676) and says what the
// typed range would give.
func clientCIDRHelp(typed string) string {
	s := "An IP address range, in CIDR notation, from which to assign client IP addresses; from /22 (1,021 addresses for clients) to /12. " +
		"It cannot overlap with the target network, the network's address range or any route, and cannot be changed later. " +
		"We recommend twice as many addresses as connections are planned."
	if p, err := vpn.ParseCIDR(typed); err == nil && vpn.ValidClientCIDR(p) {
		n := int(vpn.ClientCapacity(p))
		s += fmt.Sprintf(" %s gives clients %s addresses: right for up to %s planned connections.", p, parts.Number(n), parts.Number(n/2))
	}
	return s
}

func portHelp(free uint16) string {
	if free == vpn.DefaultPort {
		return "The default is 443. Another endpoint can have the same port with the other transport protocol or at another address."
	}
	return fmt.Sprintf("The default is 443, which is taken for UDP; %d is free.", free)
}

// certificateOptions are the choices of a select; none names the choice without a certificate.
func certificateOptions(none string, list []vpn.Certificate) []parts.Option {
	out := []parts.Option{{Label: none}}
	for _, c := range list {
		label := c.Name
		if c.CommonName != c.Name {
			label += " (" + c.CommonName + ")"
		}
		out = append(out, parts.Option{Value: string(c.ID), Label: label + ", valid until " + c.NotAfter.UTC().Format("2 January 2006")})
	}
	return out
}

// chosen are the certificates that a form has already, if any.
func chosen(values ...string) []vpn.CertificateID {
	var out []vpn.CertificateID
	for _, v := range values {
		if v != "" {
			out = append(out, vpn.CertificateID(v))
		}
	}
	return out
}

func (h *Console) drawEndpointNew(c echo.Context, in endpointInput, refused error) error {
	choices, err := h.control.EndpointChoices(ctx(c), principal(c), find(c), chosen(in.Certificate, in.ClientCA)...)
	if err != nil {
		return err
	}
	if refused == nil && in.Port == "" {
		in.Port = strconv.Itoa(int(choices.FreePort))
	}
	if refused == nil && in.Certificate == "" && len(choices.Servers.List) == 1 {
		in.Certificate = string(choices.Servers.List[0].ID)
	}
	form := in.form(choices)
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
	return h.drawEndpointNew(c, endpointInput{}, nil)
}

// EndpointCreate makes an endpoint.
func (h *Console) EndpointCreate(c echo.Context) error {
	var in endpointInput
	if err := bind(c, &in); err != nil {
		return err
	}
	e, err := h.control.CreateEndpoint(ctx(c), principal(c), in.spec())
	if belongsInForm(err) {
		return h.drawEndpointNew(c, in, err)
	}
	if err != nil {
		return err
	}
	h.flash(c, "success", "Client VPN endpoint "+views.NameOr(e.Name, e.ID)+" created. Associate a target network so that clients can connect.")
	return c.Redirect(http.StatusSeeOther, views.EndpointPath(e.ID))
}
