package control

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// Recheck tells whether the principal may still do the action, by its account and session as they are in
// the transaction of the action itself: a request may stay open for a minute after the front door has
// checked them. nil, or an error of kind Denied with the sentence to answer with.
func (p Principal) Recheck(ctx context.Context, tx *store.Tx, action vpn.Action, subject string) error {
	switch p.Kind {
	case Administrator:
	case PortalUser:
		return p.recheckPortal(ctx, tx, action, subject)
	default:
		return p.May(action, subject)
	}
	account, err := tx.Administrator(ctx, vpn.AdministratorID(p.ID))
	switch {
	case err != nil && vpn.KindOf(err) == vpn.NotFound, err == nil && account.Disabled:
		return errNoLongerSignedIn()
	case err != nil:
		return err
	}
	if p.Session != "" {
		session, err := tx.Session(ctx, p.Session)
		switch {
		case err != nil && vpn.KindOf(err) == vpn.NotFound, err == nil && session.Administrator != account.ID:
			return errNoLongerSignedIn()
		case err != nil:
			return err
		}
	}
	p.Role = account.Role
	return p.May(action, subject)
}

// recheckPortal is Recheck for a user of the self-service portal, who may have been blocked or signed out.
func (p Principal) recheckPortal(ctx context.Context, tx *store.Tx, action vpn.Action, subject string) error {
	session, err := tx.PortalSession(ctx, p.Session)
	if err != nil && vpn.KindOf(err) != vpn.NotFound {
		return err
	}
	if err != nil || session.Key != p.ID {
		return errNoLongerSignedIn()
	}
	users, err := tx.VPNUsersOf(ctx, session.UserRef)
	if err != nil {
		return err
	}
	if users[session.UserRef].Blocked() {
		return errNoLongerSignedIn()
	}
	p.ForMFA = session.ForMFA()
	return p.May(action, subject)
}

func errNoLongerSignedIn() error {
	return vpn.Refuse(vpn.Denied, vpn.CodeUnauthorizedOperation,
		"Nothing was saved: your session ended, or your account was disabled, while the request was on its way. Sign in again.")
}
