package identity

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// CreateEnrolmentCode makes an enrolment code for a user that the directory has and who has no authenticator. It takes the
// place of the one before. Field: user.
func (s *Service) CreateEnrolmentCode(ctx context.Context, by control.Principal, id vpn.DirectoryID, name string) (e vpn.EnrolmentCode, code vpn.Secret, err error) {
	if err := s.core.Allow(ctx, by, vpn.CreateEnrolmentCode, string(id)); err != nil {
		return e, "", err
	}
	user, err := s.findUser(ctx, id, name)
	if err != nil {
		return e, "", err
	}
	e, code = vpn.NewEnrolmentCode(id, user, by.Name, s.core.Now())
	err = s.core.Change(ctx, by, vpn.CreateEnrolmentCode, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		d, err := tx.Directory(ctx, id)
		if err != nil {
			return err
		}
		var c vpn.Check
		if !d.MFA || !d.EnrolmentCode {
			c.Bad("user", "This directory asks for no enrolment code. Modify it first: Ask for an enrolment code.")
			return c.Err()
		}
		device, err := tx.MFADeviceOf(ctx, id, user.Key)
		if err != nil && vpn.KindOf(err) != vpn.NotFound {
			return err
		}
		if err == nil && device.Confirmed() {
			c.Bad("user", vpn.ErrMFADeviceExists(device).Msg)
			return c.Err()
		}
		shown := e
		shown.Digest = ""
		a.After = control.Describe(shown)
		return tx.SaveEnrolmentCode(ctx, e)
	})
	if err != nil {
		return e, "", err
	}
	return e, code, nil
}
