package endpoint

import (
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// endpointInput is the endpoint form as typed, for a new endpoint and for a modification. A modification sends no
// value for what is immutable.
type endpointInput struct {
	Version     string   `form:"version"`
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

	typed map[string]string // the options that the form offers, by field name
}

func bindEndpoint(c echo.Context) (endpointInput, error) {
	var in endpointInput
	if err := page.Bind(c, &in); err != nil {
		return in, err
	}
	in.typed = map[string]string{}
	for _, opt := range endpointOptions {
		if opt.field.Name != "" {
			in.typed[opt.field.Name] = c.Request().PostForm.Get(opt.field.Name)
		}
	}
	return in, nil
}

// inputOf is the form as it shows a stored endpoint.
func inputOf(e vpn.Endpoint) endpointInput {
	return endpointInput{
		Version: strconv.Itoa(e.Version), Name: e.Name, Description: e.Description,
		Certificate: string(e.Certificate), Port: strconv.Itoa(int(e.Listen.Port)), typed: endpointOptions.values(e.ClientOptions),
	}
}

// options are base with what was typed in their place.
func (in endpointInput) options(base vpn.ClientOptions) (vpn.ClientOptions, error) {
	return endpointOptions.read(func(field string) string { return in.typed[field] }, base)
}

func (in endpointInput) spec() (vpn.EndpointSpec, error) {
	options, err := in.options(vpn.DefaultOptions())
	return vpn.EndpointSpec{
		Name: in.Name, Description: in.Description, ClientCIDR: in.ClientCIDR,
		Certificate: vpn.CertificateID(in.Certificate), ClientCA: vpn.CertificateID(in.ClientCA),
		Transport: vpn.Transport(in.Transport), ListenAddr: in.ListenAddr, Port: in.Port, Tags: page.TagsOf(in.TagKeys, in.TagValues),
		ClientOptions: options,
	}, err
}

// edit needs the stored endpoint for the options that the form does not offer. The version protects them: a save in
// between makes the edit stale.
func (in endpointInput) edit(stored vpn.Endpoint) (vpn.EndpointEdit, error) {
	version, _ := strconv.Atoi(in.Version) // text that is no number is a version that was never saved
	options, err := in.options(stored.ClientOptions)
	return vpn.EndpointEdit{
		Version: version, Name: in.Name, Description: in.Description,
		Certificate: vpn.CertificateID(in.Certificate), Port: in.Port, ClientOptions: options,
	}, err
}

// endpointChoices is what the form offers and shows besides what was typed.
type endpointChoices struct {
	endpoint.Choices
	stored *endpoint.View // nil for a new endpoint
}

// fields are the controls in the order of the guide. What is immutable is an input for a new endpoint and a fact for
// a stored one.
func (in endpointInput) fields(choices endpointChoices) []parts.Field {
	stored := choices.stored
	immutable := func(input parts.Field, fact func(endpoint.View) string) parts.Field {
		if stored == nil {
			return input
		}
		return parts.Field{Type: "fact", Label: input.Label, Value: fact(*stored)}
	}
	servers, restarts, ports := choices.Servers.List, "", portHelp(choices.FreePort)
	if stored != nil {
		restarts = restartHelp(stored.Connections)
		ports = newPortHelp(stored.Connections)
		if stored.Server.ID != "" && !slices.ContainsFunc(servers, func(c vpn.Certificate) bool { return c.ID == stored.Certificate }) {
			servers = append([]vpn.Certificate{stored.Server}, servers...) // expired, but still in use
		}
	}
	fields := []parts.Field{
		{Name: "name", Label: "Name tag", Value: in.Name, Help: "Shown in lists.", Autocomplete: "off", Focus: true},
		{Name: "description", Label: "Description", Value: in.Description, Help: "A brief description of the Client VPN endpoint.", Autocomplete: "off"},
		immutable(parts.Field{Name: "client_cidr", Label: "Client IPv4 CIDR", Value: in.ClientCIDR, Required: true, Mono: true, Autocomplete: "off", Help: clientCIDRHelp(in.ClientCIDR)},
			func(e endpoint.View) string { return e.ClientCIDR.String() }),
		{Name: "certificate", Label: "Server certificate", Type: "select", Value: in.Certificate, Required: true,
			Options: views.CertificateOptions("Choose a server certificate", servers),
			Help:    "Clients use the server certificate to authenticate the Client VPN endpoint to which they are connecting." + before(restarts)},
		immutable(parts.Field{Name: "authentication", Label: "Authentication options", Type: "radio", Value: "mutual", Required: true,
			Options: []parts.Option{{Value: "mutual", Label: "Use mutual authentication", Help: "Clients prove themselves with a certificate. It cannot be changed after the endpoint is created."}}},
			func(endpoint.View) string { return "Use mutual authentication" }),
		immutable(parts.Field{Name: "client_ca", Label: "Client certificate", Type: "select", Value: in.ClientCA, Required: true,
			Options: clientAuthorityOptions(choices.Choices),
			Help:    "Client certificates must be issued by this authority; an imported client certificate stands for the authority that issued it. If server and client certificates come from the same authority, keep the server certificate's own."},
			func(e endpoint.View) string {
				return parts.YesNo(e.ClientCA == e.Certificate, "The server certificate's own authority", views.NameOr(e.ClientAuthority.Name, e.ClientCA))
			}),
		immutable(parts.Field{Name: "transport", Label: "Transport Protocol", Type: "select", Value: in.Transport, Required: true,
			Options: []parts.Option{{Value: string(vpn.UDP), Label: "UDP"}, {Value: string(vpn.TCP), Label: "TCP"}},
			Help:    "UDP typically offers better performance than TCP. You cannot change the transport protocol after you create the Client VPN endpoint."},
			func(e endpoint.View) string { return strings.ToUpper(string(e.Listen.Transport)) }),
		immutable(parts.Field{Name: "listen_addr", Label: "Listen address", Value: in.ListenAddr, Mono: true, Placeholder: "192.0.2.10", Autocomplete: "off",
			Help: "One of the IPv4 addresses of this host, if clients can reach only that one. If empty, the endpoint listens on every address of this host. It cannot be changed later."},
			func(e endpoint.View) string { return listenAddress(e.Listen) }),
		{Name: "port", Label: "VPN port", Value: in.Port, InputMode: "numeric", Required: true, Autocomplete: "off", Help: ports},
	}
	return append(fields, endpointOptions.fields(in.typed)...)
}
