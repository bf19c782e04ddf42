package portal

// Access is the page My access.
type Access struct {
	Nav       Nav
	Groups    []string
	LookUp    string // how soon a change of the groups is seen; empty: at the next sign-in
	Endpoints []AccessEndpoint
	Sessions  []AccessSession
	More      bool // there are more sessions
	SignIns   []AccessSignIn
	Continued bool   // the list of sign-ins is not at its beginning
	Older     string // the page on which it goes on; empty: it ends
	Ended     bool   // a session was ended a moment ago
	Reported  bool   // a sign-in was reported a moment ago
	Waiting   int    // reports that no administrator has acknowledged
}

// AccessEndpoint is what a user reaches through an endpoint.
type AccessEndpoint struct {
	Anchor       string
	Name         string
	Elsewhere    bool // its VPN logins are at another identity provider
	Associated   bool // it has a target network
	Open, Closed []AccessPlace
}

// AccessPlace is a destination.
type AccessPlace struct {
	CIDR   string
	Title  string // what it is called where the range says little; empty: the range says enough
	Names  string // of its networks, and what the administrators say of it
	Why    string // why it is not reached; empty: it is
	Limits string
}

// AccessSession is a VPN session of the user.
type AccessSession struct {
	ID       string
	Endpoint string
	State    string // in a word
	Tone     string // of the word
	Note     string
	Away     Time   // since when the device is out of reach; zero: it is not
	Device   string // what the client says of itself; empty: not known
	From     string // the address of the device
	Address  string // in the VPN
	Since    Time
	Until    Time
	End      string // where the question is that ends it
	NotMe    string
}

// AccessSignIn is a sign-in of the user.
type AccessSignIn struct {
	ID        string
	What      string // at the VPN or the portal, and of which endpoint
	At        Time
	From      string
	Device    string // empty: not known
	Refused   bool
	Times     string // how often, where it was more than once
	First     Time   // when the first of them was
	Reason    string
	Code      string
	Reference string
	Advice    string
	Current   bool // it began the session of this browser
	Open      bool // its session has not ended
	Reported  bool
	NotMe     string
}

// AccessQuestion asks before something is done to a session or a sign-in.
type AccessQuestion struct {
	Nav     Nav
	Path    string // where the form is sent
	Session AccessSession
	SignIn  AccessSignIn
}

// closedTitle heads the list of what is not reached.
func (e AccessEndpoint) closedTitle() string {
	if len(e.Closed) == 1 {
		return "Not reachable: 1 network"
	}
	return "Not reachable: " + number(len(e.Closed)) + " networks"
}
