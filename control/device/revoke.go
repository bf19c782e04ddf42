package device

import (
	"context"
	"time"

	"sallyport/control"
	"sallyport/control/certificate"
	"sallyport/control/portal"
	"sallyport/store"
	"sallyport/vpn"
)

var errRevoked = vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "The certificate of this device is revoked already.")

// End revokes the certificate of a device in the caller's transaction, and ends the sessions and connections with it. A device that
// is revoked stays as it is.
func End(ctx context.Context, tx *store.Tx, d *vpn.Device, by string, why vpn.DeviceEnd, now time.Time) error {
	if !d.RevokedAt.IsZero() {
		return nil
	}
	d.Revoke(by, why, now)
	if err := tx.SaveDeviceRevocation(ctx, *d); err != nil {
		return err
	}
	connections, err := tx.LiveConnectionsWith(ctx, d.Block())
	if err != nil {
		return err
	}
	for _, c := range connections {
		c.Status, c.EndReason = vpn.ConnectionTerminating, d.EndReason()
		if err := tx.SaveConnection(ctx, c); err != nil {
			return err
		}
	}
	sessions, err := tx.VPNSessionsWith(ctx, d.Block())
	if err != nil {
		return err
	}
	for _, s := range sessions {
		s.End(now, d.EndReason())
		if err := tx.SaveVPNSession(ctx, s); err != nil {
			return err
		}
	}
	// The list tells others who rely on the authority. Logins here are decided by the device itself.
	_, err = certificate.RevokeIn(ctx, tx, d.Revocation())
	if vpn.KindOf(err) == vpn.Conflict { // it is on the list already, the list was imported, or the authority is not known
		err = nil
	}
	return err
}

// OwnDevice is a device of the user who asks. NotFound where it is another user's.
func (s *Service) OwnDevice(ctx context.Context, u portal.User, id vpn.DeviceID) (d vpn.Device, err error) {
	err = s.core.Read(ctx, u.Principal, vpn.OpenPortal, string(id), func(tx *store.Tx) error { d, err = tx.DeviceOf(ctx, u.Session.UserRef, id); return err })
	return d, err
}

// RemoveOwn revokes the certificate of a device of the user who asks. NotFound where it is another user's; Conflict where it is
// revoked already.
func (s *Service) RemoveOwn(ctx context.Context, u portal.User, id vpn.DeviceID) (d vpn.Device, err error) {
	err = s.core.Change(ctx, u.Principal, vpn.RemoveOwnDevice, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		if d, err = tx.DeviceOf(ctx, u.Session.UserRef, id); err != nil {
			return err
		}
		return s.revoke(ctx, tx, a, &d, u.Name, vpn.DeviceRemoved)
	})
	return d, err
}

// Revoke revokes the certificate of a device for an administrator. Conflict where it is revoked already.
func (s *Service) Revoke(ctx context.Context, by control.Principal, id vpn.DeviceID) (d vpn.Device, err error) {
	err = s.core.Change(ctx, by, vpn.RevokeDevice, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		if d, err = tx.Device(ctx, id); err != nil {
			return err
		}
		return s.revoke(ctx, tx, a, &d, by.Name, vpn.DeviceRevoked)
	})
	return d, err
}

func (s *Service) revoke(ctx context.Context, tx *store.Tx, a *vpn.AuditRecord, d *vpn.Device, by string, why vpn.DeviceEnd) error {
	if !d.RevokedAt.IsZero() {
		return errRevoked
	}
	a.Before = control.Describe(*d)
	err := End(ctx, tx, d, by, why, s.core.Now())
	a.After = control.Describe(*d)
	return err
}
