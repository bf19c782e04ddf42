package vpn

import "time"

// How long a session of the self-service portal lasts: without a request, and at most.
const (
	PortalIdle = 30 * time.Minute
	PortalLife = 8 * time.Hour
)

// PortalSessionsOfUser is how many sessions of the self-service portal a user has at a time. Above it the one that was not used for
// the longest time ends.
const PortalSessionsOfUser = 20

// PortalSessionID is "portal-" and 17 hex digits: pages name a session by it.
type PortalSessionID string

// PortalSession is a user who is signed in to the self-service portal, or was.
type PortalSession struct {
	Digest string // TokenDigest of its cookie, which is not kept
	ID     PortalSessionID
	UserRef
	Name      string  // what pages call the user
	Groups    []Group // as of the sign-in
	Purpose   PortalPurpose
	Source    string // the address of the browser that signed in
	CreatedAt time.Time
	SeenAt    time.Time  // the last request, up to a minute
	EndsAt    time.Time  // whatever is requested
	Endpoint  EndpointID // whose sign-in it was
	EndedAt   time.Time  // zero unless it was ended before
	EndReason string
}

// PortalPurpose is what a session of the self-service portal reaches.
type PortalPurpose string

// The purposes. A session for an authenticator reaches the page MFA alone, and ends early.
const (
	ForPortal        PortalPurpose = ""        // all that the portal has for the user
	ForFirstFactor   PortalPurpose = "first"   // the user has no authenticator: the password alone was proved
	ForAnotherFactor PortalPurpose = "another" // a recovery code stood for the code
)

// ForMFA tells whether the session is for setting up an authenticator, and for nothing else.
func (s PortalSession) ForMFA() bool { return s.Purpose != ForPortal }

// For limits a new session to a purpose.
func (s PortalSession) For(p PortalPurpose) PortalSession {
	if s.Purpose = p; s.ForMFA() {
		s.EndsAt = s.CreatedAt.Add(MFAEnrolmentLife)
	}
	return s
}

// NewPortalSession begins the session of a user whom a provider has proved, at the latest until a time that the provider sets;
// zero: it sets none. token is the value of its cookie.
func NewPortalSession(provider ProviderID, u ProviderUser, source string, until, now time.Time) (s PortalSession, token Secret) {
	token = NewToken()
	identity := u.Identity(provider)
	ends := now.Add(PortalLife)
	if !until.IsZero() && until.Before(ends) {
		ends = until
	}
	return PortalSession{
		Digest: TokenDigest(token), ID: PortalSessionID(newID("portal-")), UserRef: identity.Ref(), Name: identity.Name, Groups: u.Groups[:len(identity.Groups)], Source: source,
		CreatedAt: now, SeenAt: now, EndsAt: ends,
	}, token
}

// Again is the session with another cookie, with which it reaches the whole portal.
func (s PortalSession) Again(source string, now time.Time) (next PortalSession, token Secret) {
	token = NewToken()
	next = s
	next.Digest, next.Source, next.Purpose, next.SeenAt = TokenDigest(token), source, ForPortal, now
	if s.ForMFA() {
		next.EndsAt = s.CreatedAt.Add(PortalLife)
	}
	return next, token
}

// Ended tells whether the session is over. A clock that was set back ends it too: it would last longer by as much.
func (s PortalSession) Ended(now time.Time) bool {
	return !s.EndedAt.IsZero() || now.Sub(s.SeenAt) > PortalIdle || !now.Before(s.EndsAt) || s.CreatedAt.After(now.Add(clockTolerance)) || s.SeenAt.After(now.Add(clockTolerance))
}

// clockTolerance is how far the clocks of two web processes may be apart.
const clockTolerance = time.Minute

// ErrPortalClosed is one answer to endpoint IDs that are unknown, and to those of endpoints without the self-service portal.
var ErrPortalClosed = Refuse(NotFound, CodePortalClosed,
	"There is no self-service portal for this Client VPN endpoint ID. Compare it with the one that you were given, or ask the administrators of your VPN.")

// PortalOpen tells whether users of the endpoint can sign in to the self-service portal.
func (e Endpoint) PortalOpen() bool { return e.SelfServicePortal && e.UserBased() && !e.Deleting }

// PortalPath is that of the self-service portal of an endpoint, below the base of the public pages.
func (id EndpointID) PortalPath() string { return "/endpoints/" + string(id) }

// checkPortal checks whether the self-service portal can be enabled. Field: self_service_portal.
func checkPortal(c *Check, enabled, userBased bool) {
	if enabled && !userBased {
		c.Bad("self_service_portal", "The self-service portal is not available where clients authenticate by certificates alone: its users sign in at an identity provider.")
	}
}
