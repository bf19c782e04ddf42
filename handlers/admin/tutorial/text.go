package tutorial

import (
	"net/url"
	"strconv"
	"strings"

	"sallyport/control/tutorial"
	views "sallyport/views/admin"
	"sallyport/views/help"
	"sallyport/views/parts"
)

// stepText is the text of a step and the links to its forms. The words are those of the guide ("Getting
// started with Client VPN") where they apply.
type stepText struct {
	title string
	texts []string
	links []stepLink
}

// stepLink is a link to a form or a page. A path that begins with "…" is below the path of the
// endpoint: the link is shown once there is an endpoint.
type stepLink struct {
	label, path string
	changes     bool // hidden from read-only accounts
}

// toInternet fills in the destination of a form.
var toInternet = "?" + url.Values{views.DestinationParam: {"0.0.0.0/0"}}.Encode()

var stepTexts = map[tutorial.Key]stepText{
	tutorial.PublicName: {
		title: "Prerequisites: the public name",
		texts: []string{
			"Every configuration file names the host that its user connects to. Set the public name first: a host name, or an address, that leads to this host from where the users are.",
			"Without it, files name this host's own address, which users outside may not reach; and when a name is set later, each file that was handed out has to be replaced.",
		},
		links: []stepLink{{"Set the public name", "/settings#public_name", true}, {"Settings", "/settings", false}},
	},
	tutorial.Prerequisites: {
		title: "Prerequisites: a network with a subnet",
		texts: []string{"A network (a VPC of AWS Client VPN) is a private network that this host can reach. Describe it with its IPv4 ranges, and at least one subnet in it: clients enter the network through a subnet."},
		links: []stepLink{{"Create network", "/networks/new", true}, {"Networks", "/networks", false}},
	},
	tutorial.SignIn: {
		title: "Prerequisites: the company's sign-in",
		texts: []string{
			"Where people are to sign in with the company's accounts instead of certificates, or besides, create the identity provider first. A SAML provider (Okta, Entra ID, Keycloak, Google Workspace …) signs them in in their browser; a directory asks for user name and password.",
			"Enter our values at the provider, test a sign-in, then choose “User-based authentication” in the form of the endpoint. One configuration file serves all users then.",
		},
		links: []stepLink{{"Create SAML provider", views.SAMLProvidersPath + "/new", true}, {"Create directory", views.DirectoriesPath + "/new", true}, {"Identity providers", views.ProvidersPath, false}, {"Recipes for SAML providers", help.Path + "/saml", false}},
	},
	tutorial.Certificates: {
		title: "Generate server and client certificates and keys",
		texts: []string{
			"With mutual authentication, Client VPN uses certificates to perform authentication between clients and the Client VPN endpoint. You need a server certificate and key, and at least one client certificate and key.",
			"Create a certificate authority here and issue both from it, or import what you have. Where people sign in with the company's accounts alone, the server certificate is enough.",
		},
		links: []stepLink{{"Create certificate authority", "/certificates/authority/new", true}, {"Issue certificate", "/certificates/issue", true}, {"Import certificate", "/certificates/import", true}},
	},
	tutorial.Endpoint: {
		title: "Create a Client VPN endpoint",
		texts: []string{
			"The Client VPN endpoint is the resource that you create and configure to enable and manage client VPN sessions. It's the termination point for all client VPN sessions.",
			"Enable split-tunnel under “Other parameters”, or follow the step “Provide access to the internet” as well: otherwise everything that connected clients send goes to the endpoint, and they lose the internet.",
			"After you create it, its state is pending-associate. Clients can only establish a VPN connection after you associate at least one target network.",
		},
		links: []stepLink{{"Create Client VPN endpoint", "/endpoints/new", true}, {"Client VPN endpoints", "/endpoints", false}},
	},
	tutorial.Association: {
		title: "Associate a target network",
		texts: []string{"A target network is a subnet. One subnet association is enough for clients to access the entire network, if authorization rules allow it. With the first one the endpoint becomes available, and the network's local route is added to its route table."},
		links: []stepLink{{"Associate target network", "…/associations/new", true}, {"Target network associations", "…/associations", false}},
	},
	tutorial.Rule: {
		title: "Add an authorization rule for the network",
		texts: []string{"For clients to access the network, there needs to be a route to it in the endpoint's route table, which was added in the previous step, and an authorization rule. To allow access to the entire network, specify its IPv4 CIDR, and choose “Allow access to all users”."},
		links: []stepLink{{"Add authorization rule", "…/rules/new", true}, {"Authorization rules", "…/rules", false}},
	},
	tutorial.Internet: {
		title: "Provide access to the internet",
		texts: []string{"For each additional network, you add a route to the network in the endpoint's route table and configure an authorization rule to give clients access. For the internet, both have the destination 0.0.0.0/0; such a rule also allows every other network in the route table, except those with a narrower rule."},
		links: []stepLink{{"Create route", "…/routes/new" + toInternet, true}, {"Add authorization rule", "…/rules/new" + toInternet, true}, {"Route table", "…/routes", false}},
	},
	tutorial.Configuration: {
		title: "Download the Client VPN endpoint configuration file",
		texts: []string{"The configuration file includes the endpoint details and certificate information required to establish a VPN connection. You provide this file to the end users who need to connect. It can include the certificate and key of one client."},
		links: []stepLink{{"Download client configuration", "…/configuration", false}},
	},
	tutorial.Connect: {
		title: "Connect to the Client VPN endpoint",
		texts: []string{"You can connect using an OpenVPN-based client application and the configuration file that you just created. On Linux: sudo openvpn --config and the file's name."},
		links: []stepLink{{"Connections", "…/connections", false}},
	},
}

// actions are the links of the step. The first one is the primary button of the next step.
func (t stepText) actions(s tutorial.Step, mayChange bool) []parts.Button {
	var out []parts.Button
	links := t.links
	if s.Network != "" { // the network is there already
		links = []stepLink{{"Create subnet", views.NetworkPath(s.Network, "subnets", "new"), true}, {"Networks", "/networks", false}}
	}
	if s.Authority && s.Lacks != "" { // the next of the two certificates
		issue := stepLink{"Issue " + strings.ToLower(views.CertificateUse(s.Lacks)) + " certificate", "/certificates/issue?use=" + string(s.Lacks), true}
		links = []stepLink{issue, {"Import certificate", "/certificates/import", true}, {"Create certificate authority", "/certificates/authority/new", true}}
	}
	if s.Missing {
		links = append([]stepLink{{"Add missing routes", "…/routes/missing", true}}, links...)
	}
	for _, l := range links {
		path, ofEndpoint := cutEndpoint(l.path)
		switch {
		case l.changes && !mayChange:
			continue
		case ofEndpoint && s.Endpoint.ID == "":
			continue
		case ofEndpoint:
			path = views.EndpointPath(s.Endpoint.ID) + path
			if s.Key == tutorial.Rule && len(out) == 0 && s.Destination.IsValid() && l.changes {
				path = views.ForDestinationPath(s.Endpoint.ID, s.Destination, "rules", "new")
			}
		}
		b := parts.Button{ID: "step-" + string(s.Key) + "-" + strconv.Itoa(len(out)), Label: l.label, Href: path, Small: true}
		if s.Next && len(out) == 0 {
			b.Tone = "primary"
		}
		out = append(out, b)
	}
	return out
}

func cutEndpoint(path string) (rest string, ofEndpoint bool) { return strings.CutPrefix(path, "…") }

// Title is what a step is called.
func Title(key tutorial.Key) string { return stepTexts[key].title }
