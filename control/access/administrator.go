package access

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// AdministratorSpec is a request for an account as typed.
type AdministratorSpec struct {
	Username string
	Role     vpn.Role
	Password string
	Again    string
}

// Administrators lists the accounts of the console.
func (s *Service) Administrators(ctx context.Context, by control.Principal, l vpn.List) (out vpn.Page[vpn.Administrator], err error) {
	err = s.core.Read(ctx, by, vpn.ListAdministrators, "", func(tx *store.Tx) error { out, err = tx.Administrators(ctx, l); return err })
	return out, err
}

// Administrator gives one account.
func (s *Service) Administrator(ctx context.Context, by control.Principal, id vpn.AdministratorID) (a vpn.Administrator, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeAdministrator, string(id), func(tx *store.Tx) error { a, err = tx.Administrator(ctx, id); return err })
	return a, err
}

// AddAdministrator creates an account. Fields: username, role, password, password_again.
func (s *Service) AddAdministrator(ctx context.Context, by control.Principal, in AdministratorSpec) (vpn.Administrator, error) {
	if err := s.core.Allow(ctx, by, vpn.AddAdministrator, ""); err != nil {
		return vpn.Administrator{}, err
	}
	admin, err := s.newAdministrator(ctx, in)
	if err != nil {
		return admin, err
	}
	err = s.core.Change(ctx, by, vpn.AddAdministrator, string(admin.ID), func(tx *store.Tx, a *vpn.AuditRecord) error {
		if err := checkFree(ctx, tx, admin.Username); err != nil {
			return err
		}
		a.After = control.Describe(admin)
		return tx.CreateAdministrator(ctx, admin)
	})
	return admin, err
}

// newAdministrator checks a request and hashes the password, outside any transaction: hashing would
// keep other writers waiting.
func (s *Service) newAdministrator(ctx context.Context, in AdministratorSpec) (vpn.Administrator, error) {
	var c vpn.Check
	a := vpn.Administrator{ID: vpn.NewAdministratorID(), Role: in.Role, CreatedAt: s.core.Now(), Version: 1}
	a.Username = vpn.CheckUsername(&c, in.Username)
	if !in.Role.Valid() {
		c.Bad("role", "Choose a role.")
	}
	vpn.CheckPassword(&c, a.Username, in.Password, in.Again)
	// Asked again in the transaction; here, so that one answer has all that is wrong.
	err := s.core.View(ctx, func(tx *store.Tx) error { return checkFree(ctx, tx, a.Username) })
	if err := vpn.Together(c.Err(), err); err != nil {
		return a, err
	}
	a.PasswordHash, err = s.passwords.hash(ctx, in.Password)
	return a, err
}

// checkFree refuses a user name that an account has. Field: username.
func checkFree(ctx context.Context, tx *store.Tx, username string) error {
	_, err := tx.AdministratorByUsername(ctx, username)
	switch {
	case err == nil:
		var c vpn.Check
		c.Bad("username", "There is already an account with this user name.")
		return c.Err()
	case vpn.KindOf(err) == vpn.NotFound:
		return nil
	}
	return err
}

// AdministratorEdit is a request to change an account. Version is the one the form was filled from.
type AdministratorEdit struct {
	Version  int
	Role     vpn.Role
	Disabled bool
}

// EditAdministrator changes an account's role or disables it, and then ends its sessions. An
// administrator cannot take their own rights away, and one administrator who can sign in always
// remains. Fields: role, disabled.
func (s *Service) EditAdministrator(ctx context.Context, by control.Principal, id vpn.AdministratorID, in AdministratorEdit) (vpn.Administrator, error) {
	return s.editAdministrator(ctx, by, id, func(vpn.Administrator) (AdministratorEdit, error) { return in, nil })
}

// SetDisabled disables an account or lets it sign in again, as EditAdministrator does. Conflict where it is so already.
func (s *Service) SetDisabled(ctx context.Context, by control.Principal, id vpn.AdministratorID, disabled bool) error {
	_, err := s.editAdministrator(ctx, by, id, func(a vpn.Administrator) (AdministratorEdit, error) {
		return AdministratorEdit{Version: a.Version, Role: a.Role, Disabled: disabled}, a.CheckDisable(disabled)
	})
	return err
}

func (s *Service) editAdministrator(ctx context.Context, by control.Principal, id vpn.AdministratorID, edit func(vpn.Administrator) (AdministratorEdit, error)) (vpn.Administrator, error) {
	var admin vpn.Administrator
	err := s.core.Change(ctx, by, vpn.EditAdministrator, string(id), func(tx *store.Tx, a *vpn.AuditRecord) (err error) {
		if admin, err = tx.Administrator(ctx, id); err != nil {
			return err
		}
		in, err := edit(admin)
		if err != nil {
			return err
		}
		if in.Version != admin.Version {
			return vpn.ErrStale("account")
		}
		if err := s.checkEdit(ctx, tx, by, admin, in); err != nil {
			return err
		}
		a.Before = control.Describe(admin)
		admin.Role, admin.Disabled = in.Role, in.Disabled
		a.After = control.Describe(admin)
		if err := tx.SaveAdministrator(ctx, admin); err != nil {
			return err
		}
		_, err = tx.DeleteSessionsOf(ctx, id)
		return err
	})
	return admin, err
}

func (s *Service) checkEdit(ctx context.Context, tx *store.Tx, by control.Principal, admin vpn.Administrator, in AdministratorEdit) error {
	var c vpn.Check
	if !in.Role.Valid() {
		c.Bad("role", "Choose a role.")
		return c.Err()
	}
	losesRights := in.Disabled || in.Role != vpn.RoleAdministrator
	if by.ID == string(admin.ID) && losesRights {
		c.Bad("role", "You cannot take your own rights away. Ask another administrator.")
	}
	if losesRights && admin.Role == vpn.RoleAdministrator && !admin.Disabled {
		n, err := tx.CountAdministrators(ctx, vpn.RoleAdministrator)
		if err != nil {
			return err
		}
		if n <= 1 {
			c.Bad("role", "This is the last administrator who can sign in.")
		}
	}
	return c.Err()
}
