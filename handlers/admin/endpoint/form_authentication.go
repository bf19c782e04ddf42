package endpoint

import (
	"cmp"
	"slices"

	"sallyport/control/endpoint"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// authenticationFields are the server certificate and the authentication options. At least one of the options is chosen,
// and what belongs to an option counts with it.
func (in endpointInput) authenticationFields(choices endpointChoices) []parts.Field {
	if choices.stored != nil {
		return append([]parts.Field{in.serverField(choices)}, storedAuthentication(*choices.stored)...)
	}
	return append([]parts.Field{in.serverField(choices)}, in.authenticationOptions(choices.Choices)...)
}

func (in endpointInput) serverField(choices endpointChoices) parts.Field {
	servers, restarts := choices.Servers.List, ""
	if stored := choices.stored; stored != nil {
		restarts = restartHelp(stored.Connections)
		if stored.Server.ID != "" && !slices.ContainsFunc(servers, func(c vpn.Certificate) bool { return c.ID == stored.Certificate }) {
			servers = append([]vpn.Certificate{stored.Server}, servers...) // expired, but still in use
		}
	}
	return parts.Field{Section: sectionAuthentication, Name: "certificate", Label: "Server certificate", Type: "select", Value: in.Certificate, Required: true,
		Options: views.CertificateOptions("Choose a server certificate", servers),
		Help:    "Clients use the server certificate to authenticate the Client VPN endpoint to which they are connecting." + before(restarts)}
}

func (in endpointInput) authenticationOptions(choices endpoint.Choices) []parts.Field {
	kind := cmp.Or(in.UserAuthentication, string(vpn.DirectoryAuthentication))
	user, mutual := parts.Ticked(in.UserBased != ""), parts.Ticked(in.Mutual != "")
	fields := []parts.Field{
		{Section: sectionAuthentication, Type: "fact", Label: "Authentication options",
			Help: "How users prove who they are: at an identity provider, by a certificate, or by both. At least one is needed, and they cannot be changed after the endpoint is created."},
		{Section: sectionAuthentication, Name: "user_based", Label: "Use user-based authentication", Type: "checkbox", Checked: in.UserBased != "",
			Help: "Users sign in, and access can be granted to groups of them."},
		{Section: sectionAuthentication, Name: "user_authentication", Label: "User-based authentication", Type: "radio", Value: kind,
			Options: []parts.Option{
				{Value: string(vpn.DirectoryAuthentication), Label: "Active Directory authentication", Help: "With their name and password, in an Active Directory or another LDAP directory."},
				{Value: string(vpn.FederatedAuthentication), Label: "Federated authentication", Help: "In the browser, at a SAML 2.0 identity provider."},
			},
			Follow: parts.Follow{Choice: "user_based", Chosen: user, Shown: []string{parts.TickedOn}}},
		in.directoryField(choices),
	}
	return append(append(fields, in.samlFields(choices)...), []parts.Field{
		{Section: sectionAuthentication, Name: "mutual", Label: "Use mutual authentication", Type: "checkbox", Checked: in.Mutual != "",
			Help: "Each client has a certificate of its own."},
		{Section: sectionAuthentication, Name: "client_ca", Label: "Client certificate", Type: "select", Value: in.ClientCA,
			Options: clientAuthorityOptions("The server certificate's own authority", choices.Authorities, choices.Clients),
			Help: "With mutual authentication: client certificates must be issued by this authority; an imported client certificate stands for the authority that issued it. " +
				"If server and client certificates come from the same authority, keep the server certificate's own.",
			Follow: parts.Follow{Choice: "mutual", Chosen: mutual, Shown: []string{parts.TickedOn}, Required: []string{parts.TickedOn}}},
	}...)
}

// presetProvider chooses the only provider of each kind, and the kind that there is.
func (in *endpointInput) presetProvider(choices endpoint.Choices) {
	if len(choices.Directories) == 0 && len(choices.SAML) > 0 {
		in.UserAuthentication = string(vpn.FederatedAuthentication)
	}
	if len(choices.Directories) == 1 {
		in.Directory = string(choices.Directories[0].ID)
	}
	if len(choices.SAML) == 1 {
		in.SAML = string(choices.SAML[0].ID)
	}
}

// withKind has a control follow the kind of user-based authentication.
func (in endpointInput) withKind(kind vpn.UserAuthentication, required bool) parts.Follow {
	f := parts.Follow{Choice: "user_authentication", Chosen: parts.TickedOff, Shown: []string{string(kind)}}
	if in.UserBased != "" {
		f.Chosen = cmp.Or(in.UserAuthentication, string(vpn.DirectoryAuthentication))
	}
	if required {
		f.Required = f.Shown
	}
	return f
}

func (in endpointInput) directoryField(choices endpoint.Choices) parts.Field {
	directories := []parts.Option{{Label: "Choose a directory"}}
	help := "With Active Directory authentication: the ID of the directory in which users are found. Its groups can stand in authorization rules."
	for _, d := range choices.Directories {
		directories = append(directories, parts.Option{Value: string(d.ID), Label: d.Label() + ", " + views.DirectoryType(d.Type)})
	}
	if len(choices.Directories) == 0 {
		directories = []parts.Option{{Label: "There is no directory yet"}}
		help += " Create one under Identity providers first."
	}
	return parts.Field{Section: sectionAuthentication, Name: "directory", Label: "Directory ID", Type: "select", Value: in.Directory, Options: directories, Help: help,
		Follow: in.withKind(vpn.DirectoryAuthentication, true)}
}

func (in endpointInput) samlFields(choices endpoint.Choices) []parts.Field {
	providers, portal := []parts.Option{{Label: "Choose a SAML provider"}}, []parts.Option{{Label: "The same SAML provider"}}
	help := "With federated authentication: where users sign in. The values of its group attribute can stand in authorization rules."
	for _, p := range choices.SAML {
		o := parts.Option{Value: string(p.ID), Label: p.Label()}
		providers, portal = append(providers, o), append(portal, o)
	}
	if len(choices.SAML) == 0 {
		providers = []parts.Option{{Label: "There is no SAML provider yet"}}
		help += " Create one under Identity providers first."
	}
	if choices.PublicURL == "" {
		help += " The public pages are not served at present: users cannot sign in until public_listen and public_url are set in the configuration file."
	}
	return []parts.Field{
		{Section: sectionAuthentication, Name: "saml", Label: "SAML provider", Type: "select", Value: in.SAML, Options: providers, Help: help,
			Follow: in.withKind(vpn.FederatedAuthentication, true)},
		{Section: sectionAuthentication, Name: "portal_saml", Label: "Self-service SAML provider", Type: "select", Value: in.PortalSAML, Options: portal,
			Help:   "With federated authentication: the provider that proves users of the self-service portal, where it is another one. One is enough for both.",
			Follow: in.withKind(vpn.FederatedAuthentication, false)},
	}
}

// storedAuthentication shows what cannot be changed, with the reason.
func storedAuthentication(v endpoint.View) []parts.Field {
	fact := func(label, value, help string) parts.Field {
		return parts.Field{Section: sectionAuthentication, Type: "fact", Label: label, Value: value, Help: "Cannot be changed: " + help}
	}
	fields := []parts.Field{fact("Authentication options", v.AuthenticationType(v.UserDirectory), "what users prove themselves with is fixed for the life of an endpoint.")}
	if v.AsksPassword() {
		fields = append(fields, fact("Directory ID", v.UserDirectory.Label(), "authorization rules name its groups. The directory itself can be changed under Identity providers."))
	}
	if v.Federated() {
		fields = append(fields, fact("SAML provider", v.UserSAML.Label(), "authorization rules name its groups. The provider itself can be changed under Identity providers."))
		portal := "The SAML provider"
		if v.PortalSAML != "" {
			portal = v.PortalProvider.Label()
		}
		fields = append(fields, fact("Self-service SAML provider", portal, "it is a part of the authentication options."))
	}
	if v.Mutual() {
		fields = append(fields, fact("Client certificate", parts.YesNo(v.OwnAuthority(), "The server certificate's own authority", views.NameOr(v.ClientAuthority.Name, v.ClientCA)),
			"it is a part of the authentication options."))
	}
	return fields
}
