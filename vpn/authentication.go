package vpn

import "net/url"

// Mutual tells whether a client needs a certificate (guide, "Mutual authentication").
func (e Endpoint) Mutual() bool { return e.ClientCA != "" }

// AsksPassword tells whether a user signs in with user name and password (guide, "Active Directory authentication").
func (e Endpoint) AsksPassword() bool { return e.Directory != "" }

// Federated tells whether a user signs in in the browser, at a SAML provider (guide, "Single sign-on (SAML 2.0-based federated
// authentication)").
func (e Endpoint) Federated() bool { return e.SAML != "" }

// UserBased tells whether an identity provider proves the users; otherwise the certificate alone does.
func (e Endpoint) UserBased() bool { return e.AsksPassword() || e.Federated() }

// Provider is the identity provider of the endpoint's users; empty where the certificate alone proves them.
func (e Endpoint) Provider() ProviderID {
	if e.Federated() {
		return e.SAML.Provider()
	}
	return e.Directory.Provider()
}

// PortalProvider is the identity provider of the self-service portal's users (guide, "Support for the self-service portal");
// empty where there is none.
func (e Endpoint) PortalProvider() ProviderID {
	if e.PortalSAML != "" {
		return e.PortalSAML.Provider()
	}
	return e.Provider()
}

// OwnAuthority tells whether client certificates come from the authority of the endpoint's server certificate. They
// then come from that of the next server certificate too.
func (e Endpoint) OwnAuthority() bool { return e.Mutual() && e.ClientCA == e.Certificate }

// AuthenticationType names what users prove, in the words of the guide. d is the endpoint's directory.
func (e Endpoint) AuthenticationType(d Directory) string {
	user := ""
	switch {
	case e.Federated():
		user = "Federated authentication"
	case e.AsksPassword() && d.Type == ActiveDirectory:
		user = "Active Directory authentication"
	case e.AsksPassword():
		user = "Directory authentication"
	default:
		return "Mutual authentication"
	}
	if e.Mutual() {
		return user + " and mutual authentication"
	}
	return user
}

// SignInWarning says why users of the endpoint cannot reach the page on which they sign in, or "". publicURL is the base of the
// public pages; "" where they are not served.
func (e Endpoint) SignInWarning(publicURL string) string {
	if !e.Federated() {
		return ""
	}
	_, err := url.Parse(publicURL)
	switch {
	case publicURL == "" || err != nil:
		return "The public pages are not served, so users cannot sign in. Set public_listen and public_url in the configuration file."
	case !e.Listen.Addr.IsLoopback():
		return PublicURLWarning(publicURL)
	}
	return ""
}

// PublicURLWarning says that only this host reaches the public pages at their base, or "".
func PublicURLWarning(publicURL string) string {
	if u, err := url.Parse(publicURL); err != nil || !isLoopback(u.Hostname()) {
		return ""
	}
	return "Users sign in at " + publicURL + ", which is reached from this host alone. Set public_listen and public_url in the configuration file to where users reach the public pages."
}

// UserAuthentication is a kind of user-based authentication (guide, "Create a Client VPN endpoint").
type UserAuthentication string

// The kinds.
const (
	DirectoryAuthentication UserAuthentication = "directory"
	FederatedAuthentication UserAuthentication = "federated"
)

// authenticate checks the chosen ways to authenticate and gives the endpoint their parts. Fields: mutual, user_authentication,
// directory, saml.
func (s EndpointSpec) authenticate(c *Check, e *Endpoint) {
	if !s.Mutual && !s.UserBased {
		c.Bad("mutual", "Choose at least one: user-based authentication, mutual authentication, or both.")
	}
	if s.Mutual {
		if e.ClientCA = s.ClientCA; e.ClientCA == "" {
			e.ClientCA = s.Certificate
		}
	}
	if !s.UserBased {
		return
	}
	switch s.UserAuthentication {
	case DirectoryAuthentication, "":
		if e.Directory = s.Directory; e.Directory == "" {
			c.Bad("directory", "Choose the directory that proves the names and passwords of the users.")
		}
	case FederatedAuthentication:
		if e.SAML = s.SAML; e.SAML == "" {
			c.Bad("saml", "Choose the SAML provider at which users sign in.")
		}
		if s.PortalSAML != s.SAML { // one is enough for both
			e.PortalSAML = s.PortalSAML
		}
	default:
		c.Bad("user_authentication", "Choose Active Directory authentication or federated authentication.")
	}
}
