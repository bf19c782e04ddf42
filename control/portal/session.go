package portal

import (
	"context"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// touchEvery bounds how often the last use of a session is written.
const touchEvery = time.Minute

// User is a user with a session.
type User struct {
	control.Principal
	Session vpn.PortalSession
	MFA     bool // the user's directory asks for a code
	Devices bool // an endpoint of the user takes certificates of devices
}

var errSignInFirst = vpn.Refuse(vpn.Denied, vpn.CodeAuthFailure, "Your session has ended. Sign in again.")

// Authenticate finds the user of a session's cookie. Denied where the session is unknown or over, or the user is blocked.
func (s *Service) Authenticate(ctx context.Context, token vpn.Secret, by Visitor) (User, error) {
	if token == "" {
		return User{}, errSignInFirst
	}
	var session vpn.PortalSession
	blocked, mfa, devices := false, false, false
	err := s.core.View(ctx, func(tx *store.Tx) (err error) {
		if session, err = tx.PortalSession(ctx, vpn.TokenDigest(token)); err != nil {
			return err
		}
		users, err := tx.VPNUsersOf(ctx, session.UserRef)
		blocked = users[session.UserRef].Blocked()
		if err == nil {
			_, err = directoryOf(ctx, tx, session.Provider)
			if mfa = err == nil; vpn.KindOf(err) == vpn.NotFound {
				err = nil
			}
		}
		if err == nil {
			devices, err = s.takesDevices(ctx, tx, session)
		}
		return err
	})
	now := s.core.Now()
	switch {
	case err != nil && vpn.KindOf(err) != vpn.NotFound:
		return User{}, err
	case err != nil || blocked || session.Ended(now):
		return User{}, errSignInFirst
	}
	if now.Sub(session.SeenAt) > touchEvery {
		err := s.core.Update(ctx, func(tx *store.Tx) error { return tx.TouchPortalSession(ctx, session.Digest, now) })
		switch {
		case err != nil && vpn.KindOf(err) == vpn.NotFound: // it ended in the meantime
			return User{}, errSignInFirst
		case err != nil && vpn.KindOf(err) != vpn.Unavailable: // where nothing can be stored, pages are shown all the same
			return User{}, err
		}
	}
	return User{principal(session, by), session, mfa, devices}, nil
}

func principal(s vpn.PortalSession, by Visitor) control.Principal {
	return control.Principal{Kind: control.PortalUser, ID: s.Key, Name: s.Name, Session: s.Digest, ForMFA: s.ForMFA(), Source: by.Addr.String(), Request: by.Request}
}

// startSession begins the session of a proved user in the transaction of the sign-in, until the provider's end of it at the
// latest; zero: it sets none. Denied where the user is blocked.
func (s *Service) startSession(ctx context.Context, tx *store.Tx, door Door, u vpn.ProviderUser, purpose vpn.PortalPurpose, until time.Time, by Visitor) (session vpn.PortalSession, token vpn.Secret, err error) {
	session, token = vpn.NewPortalSession(door.Provider, u, by.Addr.String(), until, s.core.Now())
	session = session.For(purpose)
	session.Endpoint = door.Endpoint
	users, err := tx.VPNUsersOf(ctx, session.UserRef)
	if err != nil {
		return session, "", err
	}
	if refused := users[session.UserRef].Refuse(); refused != nil {
		return session, "", refused
	}
	// An administrator finds the user in the list of users, and can block them there.
	seen := vpn.Sighting{UserRef: session.UserRef, Name: session.Name, Groups: session.Groups, More: u.Identity(door.Provider).More, At: s.core.Now(), Endpoint: door.Endpoint, LookedUp: true}
	if err := tx.SeeUser(ctx, seen); err != nil {
		return session, "", err
	}
	if err := tx.CreatePortalSession(ctx, session); err != nil {
		return session, "", err
	}
	now := s.core.Now()
	if err := tx.EndPortalSessionsAbove(ctx, vpn.PortalSessionsOfUser, session.UserRef, now.Add(-vpn.PortalIdle), now, "The user signed in in more browsers than are possible at a time."); err != nil {
		return session, "", err
	}
	return session, token, tx.Audit(ctx, s.core.Record(principal(session, by), vpn.SignInToPortal, string(door.Endpoint)))
}

// SignOut ends the session of a user.
func (s *Service) SignOut(ctx context.Context, u User) error {
	return s.core.Update(store.Urgent(ctx), func(tx *store.Tx) error {
		if err := tx.EndPortalSession(ctx, u.Session.Digest, s.core.Now(), "Signed out."); err != nil {
			return err
		}
		return tx.Audit(ctx, s.core.Record(u.Principal, vpn.SignOutOfPortal, ""))
	})
}
