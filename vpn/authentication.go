package vpn

// Mutual tells whether a client needs a certificate (guide, "Mutual authentication").
func (e Endpoint) Mutual() bool { return e.ClientCA != "" }

// AsksPassword tells whether a user signs in with user name and password (guide, "Active Directory authentication").
func (e Endpoint) AsksPassword() bool { return e.Directory != "" }

// Provider is the identity provider of the endpoint's users; empty where the certificate alone proves them.
func (e Endpoint) Provider() ProviderID { return e.Directory.Provider() }

// OwnAuthority tells whether client certificates come from the authority of the endpoint's server certificate. They
// then come from that of the next server certificate too.
func (e Endpoint) OwnAuthority() bool { return e.Mutual() && e.ClientCA == e.Certificate }

// AuthenticationType names what users prove, in the words of the guide. d is the endpoint's directory.
func (e Endpoint) AuthenticationType(d Directory) string {
	directory := "Active Directory authentication"
	if d.Type != ActiveDirectory {
		directory = "Directory authentication"
	}
	switch {
	case e.Mutual() && e.AsksPassword():
		return directory + " and mutual authentication"
	case e.AsksPassword():
		return directory
	}
	return "Mutual authentication"
}

// authentication checks the chosen ways to authenticate and gives their parts. Fields: mutual, directory.
func (s EndpointSpec) authentication(c *Check) (CertificateID, DirectoryID) {
	if !s.Mutual && !s.UserBased {
		c.Bad("mutual", "Choose at least one: user-based authentication, mutual authentication, or both.")
	}
	var ca CertificateID
	if s.Mutual {
		if ca = s.ClientCA; ca == "" {
			ca = s.Certificate
		}
	}
	if !s.UserBased {
		return ca, ""
	}
	if s.Directory == "" {
		c.Bad("directory", "Choose the directory that proves the names and passwords of the users.")
	}
	return ca, s.Directory
}
