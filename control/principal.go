package control

import "sallyport/vpn"

// Kind is the kind of a principal.
type Kind int

// The kinds. Unauthenticated is the zero value on purpose: it may do nothing.
const (
	Unauthenticated Kind = iota // no front door has checked who it is
	Administrator               // an account of the console
	PortalUser                  // an end user who signed in to the self-service portal
	AccessKey                   // a program that signs its requests
	System                      // the program itself: reconciler, command line
)

// Principal is who asks. The front door makes it from the session or key that it has checked.
type Principal struct {
	Kind    Kind
	ID      string   // of the account, user or key
	Name    string   // as the audit trail shows it
	Role    vpn.Role // what an administrator may do
	ForMFA  bool     // of a portal user: the session is for setting up an authenticator, and reaches nothing else
	Session string   // hash of the session that the request came with; "": it came with none
	Source  string   // address of the client
	Request string   // request ID
}

// SystemPrincipal is the program itself; request names the part of it that acts.
func SystemPrincipal(request string) Principal {
	return Principal{Kind: System, Name: "system", Source: "local", Request: request}
}

// May tells whether the principal may do the action to the subject: nil, or an error of kind Denied
// with the sentence to answer with. It is the only place where permission is decided.
func (p Principal) May(action vpn.Action, subject string) error {
	access := action.Access()
	switch p.Kind {
	case System:
		return nil
	case Administrator:
		switch {
		case !p.Role.Valid():
			return errSignInFirst()
		case access == vpn.Reads, access == vpn.Writes && p.Role.MayChange(), access == vpn.OwnAccount && subject == p.ID:
			return nil
		case access == vpn.Writes:
			return vpn.Refuse(vpn.Denied, vpn.CodeUnauthorizedOperation, "Your account is read-only: it can see everything and cannot change anything. Ask an administrator to make this change.")
		}
	case PortalUser:
		switch {
		case access == vpn.OwnFactor, access == vpn.OwnPortal && !p.ForMFA:
			return nil
		}
	case AccessKey: // denied everything until its feature gives it grants
	default:
		return errSignInFirst()
	}
	return vpn.Refuse(vpn.Denied, vpn.CodeUnauthorizedOperation, "You may not do this.")
}

func errSignInFirst() error {
	return vpn.Refuse(vpn.Denied, vpn.CodeUnauthorizedOperation, "Sign in first.")
}
