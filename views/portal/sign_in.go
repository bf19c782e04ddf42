package portal

// SignIn is a VPN login as the person at the browser compares it with the device that connects.
type SignIn struct {
	Path      string // of the link
	Endpoint  string
	Provider  string // where users sign in
	Address   string // of the client
	Platform  string
	Client    string
	Common    string // the common name of the client's certificate; empty: it has none
	Asked     string // when
	Browser   string // its address, where it is another one than the client's; empty: it is the same
	Strict    bool   // such a browser is refused
	User      string // who has signed in; empty: no user yet
	Mail      string // of the user, where it is not the name
	Request   string // what the confirmation is for
	Code      string // to be typed at the client; empty: none
	WithCode  bool   // a code follows the confirmation
	Refusal   string // why it was refused; empty: it was not
	NotMe     bool   // the person refused it
	Connected bool
	Expired   bool
}

// CanConfirm tells whether the confirmation may be accepted.
func (s SignIn) CanConfirm() bool { return s.Browser == "" || !s.Strict }

// Person is the user with the e-mail address.
func (s SignIn) Person() string {
	if s.Mail == "" {
		return s.User
	}
	return s.User + " (" + s.Mail + ")"
}
