package access

import (
	"context"
	"strings"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// ResetPassword gives another account a new password and ends its sessions. The caller's own password
// is changed by ChangeOwnPassword, with the present one, so that an unattended browser does not lose
// the account. Fields: password, password_again.
func (s *Service) ResetPassword(ctx context.Context, by control.Principal, id vpn.AdministratorID, password, again string) error {
	admin, err := s.Administrator(ctx, by, id)
	if err != nil {
		return err
	}
	if by.ID == string(id) && by.May(vpn.ResetPassword, string(id)) == nil {
		return vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "This is your own account. Change its password under “Your account”, with the present one.")
	}
	return s.setPassword(ctx, by, vpn.ResetPassword, admin, password, again, "")
}

// ChangeOwnPassword changes the caller's own password after checking the present one. The other sessions
// of the account end; the one of token stays. Fields: current, password, password_again.
func (s *Service) ChangeOwnPassword(ctx context.Context, by control.Principal, token, current, password, again string) error {
	var admin vpn.Administrator
	err := s.core.Read(ctx, by, vpn.ChangePassword, by.ID, func(tx *store.Tx) (err error) {
		admin, err = tx.Administrator(ctx, vpn.AdministratorID(by.ID))
		return err
	})
	if err != nil {
		return err
	}
	if ok, _ := s.signIns.allow(by.Source, by.Name); !ok {
		return vpn.Refuse(vpn.Throttled, vpn.CodeRequestLimitExceeded, "Too many attempts. Wait half a minute and try again.")
	}
	ok, err := s.passwords.matches(ctx, admin.PasswordHash, current, true)
	if err != nil {
		return err
	}
	if !ok {
		var c vpn.Check
		c.Bad("current", "This is not your present password.")
		s.core.AuditRefusal(ctx, by, vpn.ChangePassword, by.ID, c.Err()) // recorded like a refused sign-in: it may be a guess
		vpn.CheckPassword(&c, admin.Username, password, again)
		return c.Err()
	}
	s.signIns.forget(by.Source, by.Name)
	return s.setPassword(ctx, by, vpn.ChangePassword, admin, password, again, token)
}

// setPassword stores a new password and ends the sessions of the account, except the one of the token
// keep.
func (s *Service) setPassword(ctx context.Context, by control.Principal, action vpn.Action, admin vpn.Administrator, password, again, keep string) error {
	if err := s.core.Allow(ctx, by, action, string(admin.ID)); err != nil {
		return err
	}
	var c vpn.Check
	vpn.CheckPassword(&c, admin.Username, password, again)
	if err := c.Err(); err != nil {
		return err
	}
	hash, err := s.passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.core.Change(ctx, by, action, string(admin.ID), func(tx *store.Tx, a *vpn.AuditRecord) error {
		fresh, err := tx.Administrator(ctx, admin.ID)
		if err != nil {
			return err
		}
		fresh.PasswordHash = hash
		if err := tx.SaveAdministrator(ctx, fresh); err != nil {
			return err
		}
		kept, keepErr := tx.Session(ctx, hashToken(keep))
		if _, err := tx.DeleteSessionsOf(ctx, admin.ID); err != nil {
			return err
		}
		if keep == "" || keepErr != nil || kept.Administrator != admin.ID {
			return nil //nolint:nilerr // a session that is gone is not kept
		}
		return tx.CreateSession(ctx, kept)
	})
}

// ResetPasswordByName is for the command line, where no administrator can sign in: it also enables the
// account. It asks for no permission: an account of the host that can run it can write the database.
func (s *Service) ResetPasswordByName(ctx context.Context, username, password string) error {
	by := control.SystemPrincipal("reset-password")
	username = strings.ToLower(strings.TrimSpace(username))
	var admin vpn.Administrator
	err := s.core.Read(ctx, by, vpn.DescribeAdministrator, username, func(tx *store.Tx) (err error) { admin, err = tx.AdministratorByUsername(ctx, username); return err })
	if err != nil {
		return err
	}
	if err := s.setPassword(ctx, by, vpn.ResetPassword, admin, password, password, ""); err != nil {
		return err
	}
	if !admin.Disabled {
		return nil
	}
	return s.core.Change(ctx, by, vpn.EditAdministrator, string(admin.ID), func(tx *store.Tx, a *vpn.AuditRecord) error {
		fresh, err := tx.Administrator(ctx, admin.ID)
		if err != nil {
			return err
		}
		fresh.Disabled = false
		a.After = control.Describe(fresh)
		return tx.SaveAdministrator(ctx, fresh)
	})
}
