package portal

// Entry is the page that asks for an endpoint.
type Entry struct {
	Endpoint string // as typed, or as the browser remembers it
	Err      string // what is wrong with it; empty: nothing
	// A session ended, or the user signed out.
	Ended, SignedOut bool
}

// PortalDoor is the sign-in of an endpoint's users.
type PortalDoor struct {
	Path     string // of the endpoint's portal
	Endpoint string
	Provider string // the SAML provider at which users sign in; empty: with a password
	Code     bool   // an MFA code is asked for
	Username string // as typed
	Errs     map[string]string
	Sentence string // why the sign-in was refused; empty: it was not
	ErrCode  string
	// A session ended, or the user signed out.
	Ended, SignedOut bool
}

// PortalHome is the page of a user who is signed in.
type PortalHome struct {
	Nav    Nav
	Offers []PortalOffer
	Steps  ClientSteps // where there are offers
	Idle   string      // minutes
	Ends   Time        // when the session does
}

// PortalOffer is the configuration file of an endpoint.
type PortalOffer struct {
	Anchor      string
	Name        string
	Description string
	Download    string // where the form is sent
	File        string // its name
	Checksum    string
	Since       Time   // when this version was first offered
	Fetched     Time   // when the user last downloaded it; zero: never
	Outdated    bool   // what they have is another version
	Waits       bool   // the endpoint is not available yet
	Broken      bool   // there is no file at present
	Certificate bool   // a client certificate is needed besides
	Devices     string // the page on which files with certificates are made; empty: none are
	CommandLine bool   // there is a file for the command line besides
}
