package portal

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"sallyport/control"
	"sallyport/control/turn"
	"sallyport/store"
	"sallyport/vpn"
)

var (
	errNoSession = vpn.Refuse(vpn.NotFound, vpn.CodeVPNSessionNotFound, "You have no such VPN session.")
	errNoSignIn  = vpn.Refuse(vpn.NotFound, vpn.CodeSignInNotFound, "You have no such sign-in.")
)

// foundAs gives one answer for what does not exist and for what is another user's.
func foundAs(err, missing error) error {
	if vpn.KindOf(err) == vpn.NotFound {
		return missing
	}
	return err
}

// Session gives a VPN session of the user that has not ended. NotFound where the user has no such session.
func (s *Service) Session(ctx context.Context, u User, id vpn.SessionID) (own OwnSession, err error) {
	err = s.core.Read(ctx, u.Principal, vpn.OpenPortal, "", func(tx *store.Tx) error {
		own, err = s.openSession(ctx, tx, u, id)
		return err
	})
	return own, err
}

func (s *Service) openSession(ctx context.Context, tx *store.Tx, u User, id vpn.SessionID) (OwnSession, error) {
	x, err := tx.VPNSessionOf(ctx, u.Session.UserRef, id)
	if err != nil {
		return OwnSession{}, foundAs(err, errNoSession)
	}
	list, _, err := s.sessionsOf(ctx, tx, u)
	if err != nil {
		return OwnSession{}, err
	}
	for _, own := range list {
		if own.ID == x.ID {
			return own, nil
		}
	}
	if !x.EndedAt.IsZero() || !s.core.Now().Before(x.EndsAt) {
		return OwnSession{}, errNoSession
	}
	names, err := tx.EndpointNames(ctx, x.Endpoint)
	return OwnSession{Session: x, Ends: x.EndsAt, EndpointName: cmp.Or(names[x.Endpoint], string(x.Endpoint))}, err
}

// EndSession ends a VPN session of the user and its connection, as an administrator's termination does: the client does not come
// back without a sign-in. NotFound where the user has no such session.
func (s *Service) EndSession(ctx context.Context, u User, id vpn.SessionID) error {
	return s.core.Change(ctx, u.Principal, vpn.EndOwnVPNSession, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		own, err := s.openSession(ctx, tx, u, id)
		if err != nil {
			return err
		}
		a.Before = control.Describe(map[string]any{"endpoint": own.Endpoint, "connection": own.Connection.ID, "started_at": own.StartedAt})
		return s.endSession(ctx, tx, u, own.Session, "Ended by the user in the self-service portal.")
	})
}

// endSession ends a session, and has its connections terminated. One that was granted a moment ago is among them.
func (s *Service) endSession(ctx context.Context, tx *store.Tx, u User, x vpn.Session, reason string) error {
	connections, err := tx.LiveConnectionsOf(ctx, u.Session.UserRef)
	if err != nil {
		return err
	}
	for _, c := range connections {
		if c.Session != x.ID || c.Status == vpn.ConnectionTerminating {
			continue
		}
		c.Status, c.EndReason = vpn.ConnectionTerminating, reason
		if err := tx.SaveConnection(ctx, c); err != nil {
			return err
		}
	}
	x.End(s.core.Now(), reason)
	return tx.SaveVPNSession(ctx, x)
}

// OwnSignIn gives a sign-in of the user. NotFound where the user has no such sign-in.
func (s *Service) OwnSignIn(ctx context.Context, u User, id string) (own OwnSignIn, err error) {
	err = s.core.Read(ctx, u.Principal, vpn.OpenPortal, "", func(tx *store.Tx) error {
		own, err = s.ownSignIn(ctx, tx, u, id)
		return err
	})
	return own, err
}

func (s *Service) ownSignIn(ctx context.Context, tx *store.Tx, u User, id string) (own OwnSignIn, err error) {
	place, known := vpn.SignInNamed(id)
	if !known {
		return own, errNoSignIn
	}
	x, user := vpn.UserSignIn{Kind: place.Kind}, u.Session.UserRef
	var c vpn.Connection
	switch place.Kind {
	case vpn.SignInVPN:
		if x.VPN, err = tx.VPNSessionOf(ctx, user, vpn.SessionID(id)); err == nil {
			found, readErr := tx.ConnectionsByID(ctx, x.VPN.Connection)
			c, err = found[x.VPN.Connection], readErr
		}
	case vpn.SignInPortal:
		x.Portal, err = tx.PortalSessionOf(ctx, user, vpn.PortalSessionID(id))
	default:
		x.Refused, err = tx.AttemptOf(ctx, user, place.Attempt())
	}
	if err != nil {
		return own, foundAs(err, errNoSignIn)
	}
	own = s.own(u, x, c)
	names, err := tx.EndpointNames(ctx, x.Endpoint())
	own.EndpointName = cmp.Or(names[x.Endpoint()], string(x.Endpoint()))
	return own, err
}

// reportsOfUser is how often a user reports sign-ins: each is a record of the audit trail, and uses the space that is left of a full disk.
var reportsOfUser = turn.Rate{Burst: 30, Every: time.Minute}

var errManyReports = vpn.Refuse(vpn.Throttled, vpn.CodeRequestLimitExceeded, "You reported many sign-ins within a short time. The administrators of your VPN see your reports. Try again in a minute.")

// Report notes that a sign-in was not the user's. Its session ends, and does not come back without a sign-in; so do the user's
// other sessions of the portal, but not this one. Every page of the console shows it until an administrator acknowledges it.
// NotFound where the user has no such sign-in; Conflict where it began the session that asks; Throttled where the user reports too often.
func (s *Service) Report(ctx context.Context, u User, id string) error {
	if s.reports.Take(rateKey(u.Session.Provider, u.ID), reportsOfUser) > 0 {
		return errManyReports
	}
	return s.core.Change(ctx, u.Principal, vpn.ReportOwnSignIn, id, func(tx *store.Tx, a *vpn.AuditRecord) error {
		own, err := s.ownSignIn(ctx, tx, u, id)
		if err != nil {
			return err
		}
		if own.Current {
			return vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "With this sign-in began the session that you are using now. If it is not yours, sign out.")
		}
		const reason = "The user reported that the sign-in was not theirs."
		if own.Kind == vpn.SignInVPN && own.Open {
			if err := s.endSession(ctx, tx, u, own.VPN, reason); err != nil {
				return err
			}
		}
		if err := tx.EndPortalSessionsOf(ctx, s.core.Now(), reason, u.Session.Digest, u.Session.UserRef); err != nil {
			return err
		}
		r := vpn.NewUserReport(u.Session.UserRef, u.Session.Name, id, own.sentence(), u.Source, s.core.Now())
		a.After = control.Describe(r)
		known, err := tx.UserReportsOf(ctx, u.Session.UserRef, vpn.MaxOpenReports)
		if err != nil {
			return err
		}
		open := slices.DeleteFunc(known, func(k vpn.UserReport) bool { return !k.AcknowledgedAt.IsZero() })
		if len(open) >= vpn.MaxOpenReports || slices.ContainsFunc(open, func(k vpn.UserReport) bool { return k.Subject == id }) {
			return nil // it waits for an administrator already
		}
		return tx.CreateUserReport(ctx, r)
	})
}

// sentence is the sign-in as administrators read it.
func (o OwnSignIn) sentence() string {
	from := "an address that is not known any more"
	if o.From.IsValid() {
		from = o.From.String()
	}
	at := o.At().UTC().Format("2006-01-02 15:04:05 UTC")
	switch {
	case o.Kind == vpn.SignInRefused:
		where := "VPN endpoint"
		if o.Refused.Portal {
			where = "self-service portal of"
		}
		return fmt.Sprintf("A refused sign-in at the %s %s at %s from %s (%s).", where, o.EndpointName, at, from, o.Refused.Code)
	case o.Kind == vpn.SignInPortal:
		return fmt.Sprintf("A sign-in to the self-service portal of %s at %s from %s.", o.EndpointName, at, from)
	default:
		return fmt.Sprintf("A VPN session of endpoint %s that began at %s, from %s.", o.EndpointName, at, from)
	}
}
