package endpoint

import (
	"slices"
	"strings"

	"sallyport/control/endpoint"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// The sections of the form, in the order of the guide's steps, "Create a Client VPN endpoint".
const (
	sectionDetails        = "Details"
	sectionAuthentication = "Authentication"
	sectionConnection     = "Connection"
	sectionOther          = "Other parameters"
	sectionTags           = "Tags"
)

// The sections of the forms of an endpoint's parts.
const (
	sectionDestination = "Destination"
	sectionTarget      = "Target network"
	sectionAccess      = "Access"
)

// endpointChoices is what the form offers and shows besides what was typed.
type endpointChoices struct {
	endpoint.Choices
	stored *endpoint.View // nil for a new endpoint
}

// immutable is a control of a new endpoint, and a fact with the reason for a stored one.
func (choices endpointChoices) immutable(input parts.Field, reason string, fact func(endpoint.View) string) parts.Field {
	if choices.stored == nil {
		return input
	}
	return parts.Field{Section: input.Section, Type: "fact", Label: input.Label, Value: fact(*choices.stored), Help: "Cannot be changed: " + reason}
}

// fill gives the endpoint form its fields and sections.
func (in endpointInput) fill(f *parts.Form, choices endpointChoices) {
	f.Fields = in.fields(choices)
	f.Sections = []parts.Section{
		{Title: sectionDetails}, {Title: sectionAuthentication}, {Title: sectionConnection},
		{Title: sectionOther, Folds: choices.stored == nil, Summary: otherSummary}, {Title: sectionTags},
	}
}

// fields are the controls in the order of the guide. What is immutable is an input for a new endpoint and a fact for
// a stored one.
func (in endpointInput) fields(choices endpointChoices) []parts.Field {
	fields := slices.Concat(in.detailFields(choices), in.authenticationFields(choices), in.connectionFields(choices), endpointOptions.fields(in.typed), []parts.Field{in.portalField(choices)})
	if choices.stored == nil { // a stored endpoint has a tab for them
		fields = append(fields, in.Field())
	}
	return fields
}

func (in endpointInput) detailFields(choices endpointChoices) []parts.Field {
	return []parts.Field{
		{Section: sectionDetails, Name: "name", Label: "Name tag", Value: in.Name, Help: "Shown in lists.", Autocomplete: "off", Focus: !in.Rearranged()},
		{Section: sectionDetails, Name: "description", Label: "Description", Value: in.Description, Help: "A brief description of the Client VPN endpoint.", Autocomplete: "off"},
		choices.immutable(parts.Field{Section: sectionDetails, Name: "client_cidr", Label: "Client IPv4 CIDR", Value: in.ClientCIDR, Required: true, Mono: true, Autocomplete: "off", Help: clientCIDRHelp(in.ClientCIDR)},
			"clients have addresses of it. Another range takes another endpoint.",
			func(e endpoint.View) string { return e.ClientCIDR.String() }),
	}
}

// portalField is the self-service portal, which needs users (guide, "Access the self-service portal").
func (in endpointInput) portalField(choices endpointChoices) parts.Field {
	f := parts.Field{Section: sectionOther, Name: "self_service_portal", Label: "Enable self-service portal", Type: "checkbox", Checked: in.SelfServicePortal != "",
		Help: "Users of this endpoint sign in on a web page and download the client configuration file there. Its address is on the Details tab of the endpoint. " +
			"It is not available where clients authenticate by certificates alone."}
	if choices.PublicURL == "" {
		f.Help += " The public pages are not served at present: users cannot reach it until public_listen and public_url are set in the configuration file."
	}
	switch stored := choices.stored; {
	case stored == nil:
		f.Follow = parts.Follow{Choice: "user_based", Chosen: parts.Ticked(in.UserBased != ""), Shown: []string{parts.TickedOn}}
	case !stored.UserBased():
		f.Type, f.Name, f.Value = "fact", "", "Not possible"
		f.Help = "Clients of this endpoint authenticate by certificates alone, and users of the self-service portal sign in at an identity provider."
	}
	return f
}

func (in endpointInput) connectionFields(choices endpointChoices) []parts.Field {
	ports := portHelp(choices.FreePort)
	if choices.stored != nil {
		ports = newPortHelp(choices.stored.Connections)
	}
	return []parts.Field{
		choices.immutable(parts.Field{Section: sectionConnection, Name: "transport", Label: "Transport Protocol", Type: "select", Value: in.Transport, Required: true,
			Options: []parts.Option{{Value: string(vpn.UDP), Label: "UDP"}, {Value: string(vpn.TCP), Label: "TCP"}},
			Help:    "UDP typically offers better performance than TCP. You cannot change the transport protocol after you create the Client VPN endpoint."},
			"the configuration files of the users name it.",
			func(e endpoint.View) string { return strings.ToUpper(string(e.Listen.Transport)) }),
		choices.immutable(in.listenField(choices.Choices),
			"the endpoint keeps its place on the host.",
			func(e endpoint.View) string { return listenAddress(e.Listen) }),
		{Section: sectionConnection, Name: "port", Label: "VPN port", Value: in.Port, InputMode: "numeric", Required: true, Autocomplete: "off", Help: ports},
		in.networkField(choices),
	}
}

// networkField is the network of the endpoint: a fact while it has target networks.
func (in endpointInput) networkField(choices endpointChoices) parts.Field {
	f := parts.Field{Section: sectionConnection, Name: "network", Label: "Network (VPC)"}
	if stored := choices.stored; stored != nil && isAssociated(*stored) {
		f.Type, f.Value = "fact", views.NameOr(stored.NetworkName, stored.Network)
		f.Help = "It can be changed while no target network is associated."
		f.Name = ""
		return f
	}
	f.Type, f.Value = "select", in.Network
	f.Help = "Target networks are then subnets of this network only. It can be changed while no target network is associated."
	f.Options = []parts.Option{{Label: "The network of the first target network"}}
	offered := false
	for _, n := range choices.Networks {
		f.Options = append(f.Options, parts.Option{Value: string(n.ID), Label: n.Label() + ", " + views.Prefixes(n.CIDRs)})
		offered = offered || string(n.ID) == in.Network
	}
	if !offered && in.Network != "" { // it is not among the first
		label := in.Network
		if stored := choices.stored; stored != nil && string(stored.Network) == in.Network {
			label = views.NameOr(stored.NetworkName, stored.Network)
		}
		f.Options = append(f.Options, parts.Option{Value: in.Network, Label: label})
	}
	return f
}

// listenField offers the addresses of the host. Where they are not known the address is typed.
func (in endpointInput) listenField(choices endpoint.Choices) parts.Field {
	f := parts.Field{Section: sectionConnection, Name: "listen_addr", Label: "Listen address", Value: in.ListenAddr, Mono: true, Autocomplete: "off"}
	if !choices.HostKnown {
		f.Placeholder = "192.0.2.10"
		f.Help = "One of the IPv4 addresses of this host, if clients can reach only that one. If empty, the endpoint listens on every address of this host. " +
			"No dataplane answers, so the address is not checked. It cannot be changed later."
		return f
	}
	f.Type, f.Required = "select", true
	f.Help = "Every address of this host, or the one that clients can reach. It cannot be changed later."
	f.Options = []parts.Option{{Label: "All addresses of this host", Disabled: !choices.Host.EveryAddress}}
	if !choices.Host.EveryAddress {
		f.Help += " The host policy allows those that can be chosen."
		if in.fresh && len(choices.Host.Addresses) > 0 {
			f.Value = choices.Host.Addresses[0].String()
		}
	}
	for _, a := range choices.Host.Addresses {
		f.Options = append(f.Options, parts.Option{Value: a.String(), Label: a.String()})
	}
	if !slices.ContainsFunc(f.Options, func(o parts.Option) bool { return o.Value == f.Value }) {
		f.Options = append(f.Options, parts.Option{Value: f.Value, Label: f.Value + " (not an address of this host)"})
	}
	return f
}
