package endpoint

import (
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

// directoryAuthentication is the one kind of user-based authentication that there is.
const directoryAuthentication = "directory"

func (in endpointInput) authenticationOptions(choices endpoint.Choices) []parts.Field {
	directories := []parts.Option{{Label: "Choose a directory"}}
	help := "With user-based authentication: the ID of the directory in which users are found. Its groups can stand in authorization rules."
	for _, d := range choices.Directories {
		directories = append(directories, parts.Option{Value: string(d.ID), Label: d.Label() + ", " + views.DirectoryType(d.Type)})
	}
	if len(choices.Directories) == 0 {
		directories = []parts.Option{{Label: "There is no directory yet"}}
		help += " Create one under Identity providers first."
	}
	user, mutual := parts.Ticked(in.UserBased != ""), parts.Ticked(in.Mutual != "")
	return []parts.Field{
		{Section: sectionAuthentication, Type: "fact", Label: "Authentication options",
			Help: "How users prove who they are: by name and password, by a certificate, or by both. At least one is needed, and they cannot be changed after the endpoint is created."},
		{Section: sectionAuthentication, Name: "user_based", Label: "Use user-based authentication", Type: "checkbox", Checked: in.UserBased != "",
			Help: "Users sign in with their name and password, and access can be granted to groups of them."},
		{Section: sectionAuthentication, Name: "user_authentication", Label: "User-based authentication", Type: "radio", Value: directoryAuthentication,
			Options: []parts.Option{{Value: directoryAuthentication, Label: "Active Directory authentication", Help: "In an Active Directory or another LDAP directory."}},
			Follow:  parts.Follow{Choice: "user_based", Chosen: user, Shown: []string{parts.TickedOn}}},
		{Section: sectionAuthentication, Name: "directory", Label: "Directory ID", Type: "select", Value: in.Directory, Options: directories, Help: help,
			Follow: parts.Follow{Choice: "user_based", Chosen: user, Shown: []string{parts.TickedOn}, Required: []string{parts.TickedOn}}},
		{Section: sectionAuthentication, Name: "mutual", Label: "Use mutual authentication", Type: "checkbox", Checked: in.Mutual != "",
			Help: "Each client has a certificate of its own."},
		{Section: sectionAuthentication, Name: "client_ca", Label: "Client certificate", Type: "select", Value: in.ClientCA,
			Options: clientAuthorityOptions(choices),
			Help: "With mutual authentication: client certificates must be issued by this authority; an imported client certificate stands for the authority that issued it. " +
				"If server and client certificates come from the same authority, keep the server certificate's own.",
			Follow: parts.Follow{Choice: "mutual", Chosen: mutual, Shown: []string{parts.TickedOn}, Required: []string{parts.TickedOn}}},
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
	if v.Mutual() {
		fields = append(fields, fact("Client certificate", parts.YesNo(v.OwnAuthority(), "The server certificate's own authority", views.NameOr(v.ClientAuthority.Name, v.ClientCA)),
			"it is a part of the authentication options."))
	}
	return fields
}
