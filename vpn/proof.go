package vpn

// Proof is what an identity provider said of the user of a login: a directory of the name and the password, a SAML provider in
// the browser. It was asked before the login is decided, so
// what it was asked by may have changed since: see Holds. The zero value proves no user.
type Proof struct {
	Provider ProviderID
	Version  int  // of the directory's settings
	MFA      bool // of the directory's settings
	User     ProviderUser
	Code     MFACode // that the user entered; zero: the directory demands none. It is not used up yet
	Enrols   bool    // the directory demands a code, and the user has no authenticator: asked for the self-service portal alone
	Refused  *Error  // why it proved no user; nil: User is proved
	Note     SignInNote
}

// SignInNote is what is stored about a sign-in at a directory when its user is let in, in the same transaction: the failures of
// the account are forgotten, and it is remembered from where the user came. The zero one has nothing to store. The texts are
// those of the store.
type SignInNote struct {
	Directory DirectoryID
	Account   string
	Forget    []string // counters of failures
	Places    []string
}

// Holds tells whether the proof is by the directory as it is now.
func (p Proof) Holds(d Directory) bool {
	return p.Provider != "" && p.Provider == d.ID.Provider() && p.Version == d.Version && p.MFA == d.MFA
}

// HoldsAt tells whether the proof is by the SAML provider as it is now. What proves no user holds.
func (p Proof) HoldsAt(s SAMLProvider) bool {
	return p.Provider != "" && p.Provider == s.ID.Provider() && (p.Refused != nil || p.Version == s.Version)
}

var (
	errPasswordMissing = Refuse(Denied, CodePasswordMissing, "Your client sent no user name and password, which this VPN endpoint requires. Download your profile again.")
	errNotProved       = Refuse(Unavailable, CodeLoginNotDecided, "The VPN server cannot check your login right now. Your client tries again.")
)

// refuse judges a login that an identity provider is to prove. Nil: it is proved.
func (p Proof) refuse(e Endpoint, r LoginRequest) *Error {
	switch {
	case e.Federated() && p.Provider == "" && BrowserMethodOf(r.SSO) == "":
		return ErrBrowserMissing
	case e.AsksPassword() && r.Username == "":
		return errPasswordMissing
	case p.Provider != e.Provider() || p.Refused == nil && p.User.Key == "":
		return errNotProved
	default:
		return p.Refused
	}
}

// UserOf is the user of a login that DecideLogin lets in and that begins a session.
func UserOf(e Endpoint, r LoginRequest, p Proof) Identity {
	if e.UserBased() {
		return p.User.Identity(p.Provider)
	}
	return Identity{Name: r.CommonName}
}
