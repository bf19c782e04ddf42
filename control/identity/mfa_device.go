package identity

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// MFADevices lists the MFA devices of a directory's users.
func (s *Service) MFADevices(ctx context.Context, by control.Principal, id vpn.DirectoryID, l vpn.List) (d vpn.Directory, p vpn.Page[vpn.MFADevice], err error) {
	err = s.core.Read(ctx, by, vpn.DescribeDirectories, string(id), func(tx *store.Tx) error {
		if d, err = tx.Directory(ctx, id); err != nil {
			return err
		}
		p, err = tx.MFADevices(ctx, id, l)
		return err
	})
	return d, p, err
}

// RegisterMFADevice begins the registration of a device for a user that the directory has. It counts when ConfirmMFADevice
// has seen a code of it; until then another registration takes its place. Field: user.
func (s *Service) RegisterMFADevice(ctx context.Context, by control.Principal, id vpn.DirectoryID, name string) (vpn.MFADevice, error) {
	var device vpn.MFADevice
	if err := s.core.Allow(ctx, by, vpn.RegisterMFADevice, string(id)); err != nil {
		return device, err
	}
	user, err := s.findUser(ctx, id, name)
	if err != nil {
		return device, err
	}
	var c vpn.Check
	device = vpn.NewMFADevice(id, user, by.Name, s.core.Now())
	key := vpn.NewTOTPKey()
	return device, s.core.Change(ctx, by, vpn.RegisterMFADevice, string(device.ID), func(tx *store.Tx, a *vpn.AuditRecord) error {
		former, err := tx.MFADeviceOf(ctx, id, user.Key)
		switch {
		case err == nil && former.Confirmed():
			c.Bad("user", vpn.ErrMFADeviceExists(former).Msg)
			return c.Err()
		case err == nil:
			err = tx.DeleteMFADevice(ctx, former.ID)
		case vpn.KindOf(err) == vpn.NotFound:
			err = nil
		}
		if err != nil {
			return err
		}
		a.After = control.Describe(device)
		return tx.CreateMFADevice(ctx, device, key)
	})
}

// findUser finds a user in a directory by a name as typed. Field: user.
func (s *Service) findUser(ctx context.Context, id vpn.DirectoryID, name string) (vpn.ProviderUser, error) {
	_, source, err := s.Source(ctx, id)
	if err != nil {
		return vpn.ProviderUser{}, err
	}
	var c vpn.Check
	if fault := vpn.UserNameFault(name); fault != "" {
		c.Bad("user", fault)
		return vpn.ProviderUser{}, c.Err()
	}
	limited, cancel := context.WithTimeout(ctx, trialTimeout)
	defer cancel()
	user, err := source.Find(limited, name)
	if vpn.KindOf(err) == vpn.Denied {
		c.Bad("user", err.Error())
		err = c.Err()
	}
	return user, err
}

// PendingMFADevice gives a device with its key until its first code was seen, to accounts that may register it: Conflict then.
func (s *Service) PendingMFADevice(ctx context.Context, by control.Principal, directory vpn.DirectoryID, id vpn.MFADeviceID) (d vpn.Directory, device vpn.MFADevice, key vpn.Secret, err error) {
	err = s.core.Read(ctx, by, vpn.RegisterMFADevice, string(id), func(tx *store.Tx) error {
		if d, err = tx.Directory(ctx, directory); err != nil {
			return err
		}
		if device, err = tx.MFADevice(ctx, directory, id); err != nil {
			return err
		}
		if device.Confirmed() {
			return vpn.ErrMFADeviceExists(device)
		}
		key, err = tx.MFADeviceKey(ctx, id)
		return err
	})
	return d, device, key, err
}

// ConfirmMFADevice ends a registration with the first code of the device. Field: code.
func (s *Service) ConfirmMFADevice(ctx context.Context, by control.Principal, directory vpn.DirectoryID, id vpn.MFADeviceID, code string) (vpn.MFADevice, error) {
	var device vpn.MFADevice
	err := s.core.Change(ctx, by, vpn.ConfirmMFADevice, string(id), func(tx *store.Tx, a *vpn.AuditRecord) (err error) {
		if device, err = tx.MFADevice(ctx, directory, id); err != nil {
			return err
		}
		key, err := tx.MFADeviceKey(ctx, id)
		if err != nil {
			return err
		}
		if err := device.Confirm(key, code, s.core.Now()); err != nil {
			return err
		}
		a.After = control.Describe(device)
		return tx.ConfirmMFADevice(ctx, device)
	})
	return device, err
}

// MFADevice gives one device.
func (s *Service) MFADevice(ctx context.Context, by control.Principal, directory vpn.DirectoryID, id vpn.MFADeviceID) (d vpn.Directory, device vpn.MFADevice, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeDirectories, string(id), func(tx *store.Tx) error {
		if d, err = tx.Directory(ctx, directory); err == nil {
			device, err = tx.MFADevice(ctx, directory, id)
		}
		return err
	})
	return d, device, err
}

// ResetMFADevice removes a device with its recovery codes: its user signs in no more until another one is registered or set
// up. The user's sessions of the self-service portal end, and with them what was being set up there.
func (s *Service) ResetMFADevice(ctx context.Context, by control.Principal, directory vpn.DirectoryID, id vpn.MFADeviceID) error {
	return s.core.Change(ctx, by, vpn.ResetMFADevice, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		device, err := tx.MFADevice(ctx, directory, id)
		if err != nil {
			return err
		}
		a.Before = control.Describe(device)
		user := vpn.UserRef{Provider: directory.Provider(), Key: device.UserKey}
		if err := tx.EndPortalSessionsOf(ctx, s.core.Now(), "An administrator reset the authenticator.", "", user); err != nil {
			return err
		}
		if err := tx.DeleteMFAEnrolmentsOf(ctx, directory, device.UserKey); err != nil {
			return err
		}
		return tx.DeleteMFADevice(ctx, id)
	})
}
