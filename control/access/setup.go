package access

import (
	"context"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// SetupLinkLife is how long a set-up link can be used.
const SetupLinkLife = time.Hour

// SetupNeeded tells whether no administrator exists yet.
func (s *Service) SetupNeeded(ctx context.Context) (bool, error) {
	n := 0
	err := s.core.View(ctx, func(tx *store.Tx) (err error) { n, err = tx.CountAdministrators(ctx, ""); return err })
	return n == 0, err
}

// NewSetupLink makes the token of a one-time link; earlier links become invalid. Conflict where an
// administrator exists: reset the password instead.
func (s *Service) NewSetupLink(ctx context.Context) (token string, expires time.Time, err error) {
	token, expires = newToken(), s.core.Now().Add(SetupLinkLife)
	err = s.core.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.CountAdministrators(ctx, "")
		if err != nil {
			return err
		}
		if n > 0 {
			return vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "An administrator exists already. Use “sallyport admin reset-password <user name>” to give that account a new password.")
		}
		if err := tx.CreateSetupLink(ctx, hashToken(token), expires); err != nil {
			return err
		}
		return tx.Audit(ctx, s.core.Record(control.SystemPrincipal("setup-link"), vpn.CreateSetupLink, ""))
	})
	return token, expires, err
}

// SetupLinkValid tells whether a token can still be used.
func (s *Service) SetupLinkValid(ctx context.Context, token string) (valid bool, err error) {
	err = s.core.View(ctx, func(tx *store.Tx) (err error) {
		valid, err = tx.SetupLinkValid(ctx, hashToken(token), s.core.Now())
		return err
	})
	return valid, err
}

// SetupRequest is the set-up page as typed.
type SetupRequest struct {
	Token    string
	Username string
	Password string
	Again    string
	Source   string
	Request  string
}

// CompleteSetup creates the first administrator and signs in. Denied where the link was used, replaced
// or is too old. Fields: username, password, password_again.
func (s *Service) CompleteSetup(ctx context.Context, in SetupRequest) (SignedIn, error) {
	valid, err := s.SetupLinkValid(ctx, in.Token)
	if err != nil {
		return SignedIn{}, err
	}
	if !valid {
		return SignedIn{}, errSetupLink()
	}
	admin, err := s.newAdministrator(ctx, AdministratorSpec{Username: in.Username, Role: vpn.RoleAdministrator, Password: in.Password, Again: in.Again})
	if err != nil {
		return SignedIn{}, err
	}
	token := newToken()
	err = s.core.Update(ctx, func(tx *store.Tx) error {
		valid, err := tx.SetupLinkValid(ctx, hashToken(in.Token), s.core.Now())
		if err != nil {
			return err
		}
		n, err := tx.CountAdministrators(ctx, "")
		if err != nil {
			return err
		}
		if !valid || n > 0 {
			return errSetupLink()
		}
		if err := tx.DeleteSetupLinks(ctx); err != nil {
			return err
		}
		if err := tx.CreateAdministrator(ctx, admin); err != nil {
			return err
		}
		record := s.core.Record(control.Principal{Name: admin.Username, Source: in.Source, Request: in.Request}, vpn.CompleteSetup, string(admin.ID))
		if err := tx.Audit(ctx, record); err != nil {
			return err
		}
		return s.openSession(ctx, tx, admin, token, SignInRequest{Source: in.Source, Request: in.Request})
	})
	return SignedIn{Token: token, Browser: s.markBrowser(""), Administrator: admin}, err
}

func errSetupLink() error {
	return vpn.Refuse(vpn.Denied, vpn.CodeAuthFailure, "This set-up link was used or is too old. Run “sallyport admin setup-link” on the server for a new one.")
}
