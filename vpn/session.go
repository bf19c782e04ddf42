package vpn

import "time"

// Session is a login of a VPN user that was proved. Connections are made under it, one after the other,
// until it ends: a client that shows the session's token needs no new login.
type Session struct {
	ID          SessionID
	Endpoint    EndpointID
	Username    string     // as in Connection
	Provider    ProviderID // as Identity has it, like the next four
	UserKey     string
	Groups      []string
	MoreGroups  bool
	Revision    uint64
	LoginName   string // what was typed at the login: the token is bound to it
	CommonName  string // of the client's certificate, like the next five
	Serial      string
	Fingerprint string
	Issuer      string
	IssuerKey   string
	IssuerID    string              // as CertificateNumber has it
	Above       []CertificateNumber // the authorities below the root that the certificate was verified with
	Token       string              // LoginRequest.Token of the client that has the session
	Connection  ConnectionID        // the last one that was made under it
	Connections int                 // how many were made under it
	StartedAt   time.Time           // the login
	EndsAt      time.Time           // its maximum duration, as it was at the login
	EndedAt     time.Time           // zero unless it was ended before
	EndReason   string              // why it was ended before
}

var errSessionOver = Refuse(Denied, CodeSessionOver, "Your VPN session is over. Connect again.")

// SessionOver refuses a client whose session continues no more.
func SessionOver() *Error { return errSessionOver }

// NewSession is the session that a granted login begins. The session has no connection yet.
func NewSession(e Endpoint, r LoginRequest, user Identity, now time.Time) Session {
	return Session{
		ID: NewSessionID(), Endpoint: e.ID, Username: user.Name, Provider: user.Provider, UserKey: user.Key,
		Groups: user.Groups, MoreGroups: user.More, LoginName: r.Username, CommonName: r.CommonName,
		Serial: r.Serial, Fingerprint: BareFingerprint(r.Fingerprint), Issuer: BareFingerprint(r.Issuer), IssuerKey: r.IssuerKey, IssuerID: r.IssuerID, Above: r.Above, Token: r.Token,
		StartedAt: now, EndsAt: now.Add(e.SessionTimeout),
	}
}

// User is the session's user.
func (s Session) User() Identity {
	return Identity{Provider: s.Provider, Key: s.UserKey, Name: s.Username, Groups: s.Groups, More: s.MoreGroups, Revision: s.Revision}
}

// Ends is when the session reaches its maximum duration. A session timeout that was shortened since the
// login holds for it; one that was prolonged does not.
func (s Session) Ends(e Endpoint) time.Time {
	if limit := s.StartedAt.Add(e.SessionTimeout); limit.Before(s.EndsAt) {
		return limit
	}
	return s.EndsAt
}

// Continue decides on another connection under the session for a client that has its token: the client
// has the certificate and the user name of the login, and the session has not ended. Nil lets it.
// DecideLogin judges everything else about the client.
func (s Session) Continue(e Endpoint, r LoginRequest, now time.Time) *Error {
	login := LoginRequest{CommonName: s.CommonName, Serial: s.Serial, Fingerprint: s.Fingerprint, Issuer: s.Issuer}
	if s.Endpoint != e.ID || s.LoginName != r.Username || s.CommonName != r.CommonName || login.CertificateKey() != r.CertificateKey() ||
		!s.EndedAt.IsZero() || !now.Before(s.Ends(e)) {
		return errSessionOver
	}
	return nil
}

// Rejoin tells whether a client without a token continues a connection of the session: where a certificate
// is all that a login needs, it is the proof of the session as well.
func (s Session) Rejoin(c Connection, e Endpoint, r LoginRequest, now time.Time) bool {
	return !e.UserBased() && c.ID == r.Continues && c.ID == s.Connection && (c.Status == ConnectionActive || c.Status == ConnectionAway) && s.Continue(e, r, now) == nil
}

// Open notes one more connection under the session.
func (s *Session) Open(c ConnectionID) {
	s.Connection = c
	s.Connections++
}

// End ends the session before its time. One that has ended stays as it is.
func (s *Session) End(now time.Time, reason string) {
	if s.EndedAt.IsZero() {
		s.EndedAt, s.EndReason = now, reason
	}
}
