package portal

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// ConfirmMFA ends the set-up with the first code of the authenticator. From then on it counts, the one before and its recovery
// codes do not, and every session of the user in the portal ends. This browser has a new one that reaches the whole portal:
// token is the value of its cookie. recovery is shown once and not kept. Conflict (vpn.ErrMFAEnrolmentOver) where it is too
// late. Field: code.
func (s *Service) ConfirmMFA(ctx context.Context, u User, typed string) (recovery []vpn.Secret, token vpn.Secret, err error) {
	err = s.core.Update(ctx, func(tx *store.Tx) error {
		if err := u.Recheck(ctx, tx, vpn.EnrolOwnFactor, ""); err != nil {
			return err
		}
		d, err := directoryOf(ctx, tx, u.Session.Provider)
		if err != nil {
			return err
		}
		e, key, err := tx.MFAEnrolment(ctx, u.Session.Digest, u.Session.UserRef)
		if vpn.KindOf(err) == vpn.NotFound {
			return vpn.ErrMFAEnrolmentOver
		}
		if err != nil {
			return err
		}
		former, err := takePlace(ctx, tx, d, e, s)
		if err != nil {
			return err
		}
		device, err := e.Confirm(key, typed, s.core.Now())
		if err != nil {
			return err
		}
		if err := tx.CreateMFADevice(ctx, device, key); err != nil {
			return err
		}
		if recovery, err = s.giveRecoveryCodes(ctx, tx, device.ID, key); err != nil {
			return err
		}
		if err := tx.DeleteEnrolmentCode(ctx, d.ID, e.UserKey); err != nil {
			return err
		}
		if err := tx.EndPortalSessionsOf(ctx, s.core.Now(), "The authenticator was set up.", u.Session.Digest, u.Session.UserRef); err != nil {
			return err
		}
		if err := tx.DeleteMFAEnrolmentsOf(ctx, d.ID, e.UserKey); err != nil {
			return err
		}
		session, cookie := u.Session.Again(u.Source, s.core.Now())
		token = cookie
		if err := tx.SavePortalCookie(ctx, u.Session.Digest, session); err != nil {
			return err
		}
		action := vpn.EnrolOwnFactor
		if former.ID != "" {
			action = vpn.ReplaceOwnFactor
		}
		a := s.core.Record(u.Principal, action, string(device.ID))
		if former.ID != "" {
			a.Before = control.Describe(former)
		}
		a.After = control.Describe(device)
		return tx.Audit(ctx, a)
	})
	if err != nil {
		return nil, "", err
	}
	return recovery, token, nil
}

// takePlace checks that an enrolment is still of the authenticator that it was begun for, and removes that one.
func takePlace(ctx context.Context, tx *store.Tx, d vpn.Directory, e vpn.MFAEnrolment, s *Service) (former vpn.MFADevice, err error) {
	if e.Code == "" && e.Replaces == "" && d.EnrolmentCode { // it was begun before the directory asked for one
		return former, vpn.ErrMFAEnrolmentOver
	}
	if e.Code != "" {
		code, err := tx.EnrolmentCode(ctx, d.ID, e.UserKey)
		if vpn.KindOf(err) == vpn.NotFound || err == nil && (code.Digest != e.Code || !s.core.Now().Before(code.EndsAt)) {
			return former, vpn.ErrMFAEnrolmentOver
		}
		if err != nil {
			return former, err
		}
	}
	device, err := tx.MFADeviceOf(ctx, d.ID, e.UserKey)
	switch {
	case vpn.KindOf(err) == vpn.NotFound && e.Replaces == "":
		return former, nil
	case err != nil && vpn.KindOf(err) != vpn.NotFound:
		return former, err
	case err != nil, device.Confirmed() && device.ID != e.Replaces, !device.Confirmed() && e.Replaces != "":
		return former, vpn.ErrMFAEnrolmentOver
	case device.Confirmed():
		former = device
	}
	return former, tx.DeleteMFADevice(ctx, device.ID)
}

// giveRecoveryCodes gives a device a new set of recovery codes.
func (s *Service) giveRecoveryCodes(ctx context.Context, tx *store.Tx, device vpn.MFADeviceID, key vpn.Secret) ([]vpn.Secret, error) {
	codes := vpn.NewRecoveryCodes()
	digests := make([]string, len(codes))
	for i, c := range codes {
		digests[i] = vpn.RecoveryDigest(device, key, c.Reveal())
	}
	return codes, tx.SaveRecoveryCodes(ctx, device, digests, s.core.Now())
}

// RenewRecoveryCodes makes a new set of recovery codes in place of the one before, for a code that the authenticator shows.
// They are shown once and not kept. Field: code.
func (s *Service) RenewRecoveryCodes(ctx context.Context, u User, typed string) (recovery []vpn.Secret, err error) {
	if _, err := s.MFA(ctx, u); err != nil {
		return nil, err
	}
	if u.Session.ForMFA() {
		return nil, errSignInNow
	}
	code, err := s.proveCode(ctx, u, typed, false)
	if err != nil {
		return nil, err
	}
	err = s.core.Update(ctx, func(tx *store.Tx) error {
		if err := u.Recheck(ctx, tx, vpn.RenewRecoveryCodes, string(code.Device)); err != nil {
			return err
		}
		if err := useCode(ctx, tx, code, s.core.Now()); err != nil {
			return besideCode(err, false)
		}
		key, err := tx.MFADeviceKey(ctx, code.Device)
		if err != nil {
			return err
		}
		if recovery, err = s.giveRecoveryCodes(ctx, tx, code.Device, key); err != nil {
			return err
		}
		return tx.Audit(ctx, s.core.Record(u.Principal, vpn.RenewRecoveryCodes, string(code.Device)))
	})
	if err != nil {
		return nil, err
	}
	return recovery, nil
}
