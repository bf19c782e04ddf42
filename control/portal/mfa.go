package portal

import (
	"context"
	"strings"

	"sallyport/control"
	"sallyport/control/identity"
	"sallyport/store"
	"sallyport/vpn"
)

// MFAPath is that of the page of the user's authenticator.
const MFAPath = Path + "/mfa"

// MFA is the authenticator of a user, and what is being set up.
type MFA struct {
	Device   vpn.MFADevice // the zero value: there is none
	Recovery vpn.RecoveryState
	// Enrolment and Key are of the authenticator that the session sets up; the zero values: none.
	Enrolment vpn.MFAEnrolment
	Key       vpn.Secret
	Issuer    string // what authenticators call the VPN
	AsksCode  bool   // an enrolment code is asked for before the QR code is shown
}

var (
	errNoMFA     = vpn.Refuse(vpn.NotFound, vpn.CodeMFADeviceNotFound, "There is no MFA for your sign-in.")
	errSignInNow = vpn.Refuse(vpn.Denied, vpn.CodeAuthFailure, "Sign in again to set up an authenticator.")
)

// directoryOf is the directory of users of a provider, which asks for codes. errNoMFA where it asks for none.
func directoryOf(ctx context.Context, tx *store.Tx, provider vpn.ProviderID) (vpn.Directory, error) {
	if _, saml := provider.SAML(); saml || provider == "" {
		return vpn.Directory{}, errNoMFA
	}
	d, err := tx.Directory(ctx, vpn.DirectoryID(provider))
	if err == nil && !d.MFA {
		err = errNoMFA
	}
	return d, err
}

// deviceOf is the authenticator of the user; the zero value: there is none that counts.
func deviceOf(ctx context.Context, tx *store.Tx, d vpn.DirectoryID, userKey string) (vpn.MFADevice, error) {
	device, err := tx.MFADeviceOf(ctx, d, userKey)
	if vpn.KindOf(err) == vpn.NotFound || err == nil && !device.Confirmed() {
		return vpn.MFADevice{}, nil
	}
	return device, err
}

// MFA gives the authenticator of the user. NotFound where the directory asks for no code.
func (s *Service) MFA(ctx context.Context, u User) (m MFA, err error) {
	err = s.core.Read(ctx, u.Principal, vpn.ShowOwnFactor, "", func(tx *store.Tx) error {
		d, err := directoryOf(ctx, tx, u.Session.Provider)
		if err != nil {
			return err
		}
		m = MFA{Issuer: d.Name, AsksCode: d.EnrolmentCode && u.Session.Purpose == vpn.ForFirstFactor}
		if m.Device, err = deviceOf(ctx, tx, d.ID, u.Session.Key); err != nil {
			return err
		}
		if m.Recovery, err = tx.RecoveryState(ctx, m.Device.ID); err != nil {
			return err
		}
		e, key, err := tx.MFAEnrolment(ctx, u.Session.Digest, u.Session.UserRef)
		if vpn.KindOf(err) == vpn.NotFound {
			return nil
		}
		if err == nil && !e.Ended(s.core.Now()) && e.Replaces == m.Device.ID {
			m.Enrolment, m.Key = e, key
		}
		return err
	})
	return m, err
}

// beginAtSignIn begins the set-up in the transaction of a sign-in whose session is for it, unless an enrolment code comes
// first, and uses a recovery code up.
func (s *Service) beginAtSignIn(ctx context.Context, tx *store.Tx, session vpn.PortalSession, proof vpn.Proof, by Visitor) error {
	d, err := tx.Directory(ctx, vpn.DirectoryID(session.Provider))
	if err != nil {
		return err
	}
	device, err := deviceOf(ctx, tx, d.ID, session.Key)
	if err != nil {
		return err
	}
	if device.ID != proof.Code.Device { // it was set up, or reset, meanwhile
		return errChanged
	}
	if session.Purpose == vpn.ForFirstFactor {
		if d.EnrolmentCode {
			return nil
		}
		return tx.SaveMFAEnrolment(ctx, vpn.NewMFAEnrolment(session, d.ID, s.core.Now()), vpn.NewTOTPKey())
	}
	if err := s.useCode(ctx, tx, principal(session, by), proof.Code); err != nil {
		return err
	}
	e := vpn.NewMFAEnrolment(session, d.ID, s.core.Now())
	e.Replaces = device.ID
	return tx.SaveMFAEnrolment(ctx, e, vpn.NewTOTPKey())
}

// useCode uses a code up, and records the use of a recovery code.
func (s *Service) useCode(ctx context.Context, tx *store.Tx, by control.Principal, code vpn.MFACode) error {
	if err := useCode(ctx, tx, code, s.core.Now()); err != nil || code.Recovery == "" {
		return err
	}
	left, err := tx.RecoveryState(ctx, code.Device)
	if err != nil {
		return err
	}
	a := s.core.Record(by, vpn.UseRecoveryCode, string(code.Device))
	a.After = control.Describe(struct{ Left int }{left.Left})
	return tx.Audit(ctx, a)
}

// BeginMFA begins the set-up of an authenticator: the next page shows its QR code. Who has one gives a code of it or a recovery
// code in typed; who has none gives the enrolment code, where the directory asks for it. A session that is for the set-up has
// given its code at the sign-in. Field: code.
func (s *Service) BeginMFA(ctx context.Context, u User, typed string) error {
	m, err := s.MFA(ctx, u)
	if err != nil {
		return err
	}
	switch u.Session.Purpose {
	case vpn.ForFirstFactor:
		return s.beginFirst(ctx, u, typed)
	case vpn.ForAnotherFactor:
		return s.begin(ctx, u, m.Device.ID, "", vpn.MFACode{})
	case vpn.ForPortal:
	}
	if m.Device.ID == "" {
		return errSignInNow
	}
	code, err := s.proveCode(ctx, u, typed, true)
	if err != nil {
		return err
	}
	return s.begin(ctx, u, code.Device, "", code)
}

// proveCode judges a code of a user who is signed in. Field: code.
func (s *Service) proveCode(ctx context.Context, u User, typed string, recovery bool) (vpn.MFACode, error) {
	if strings.TrimSpace(typed) == "" {
		var c vpn.Check
		c.Bad("code", "Enter the code that your authenticator shows.")
		return vpn.MFACode{}, c.Err()
	}
	from := identity.ProofRequest{Directory: vpn.DirectoryID(u.Session.Provider), Username: u.Name, From: addressOf(u)}
	code, err := s.Prover.ProveCode(ctx, from, u.Session.Key, typed, recovery)
	return code, besideCode(err, recovery)
}

// besideCode puts the refusal of a code beside its field.
func besideCode(err error, recovery bool) error {
	var c vpn.Check
	switch vpn.CodeOf(err) {
	case vpn.CodeMFACodeWrong:
		if recovery {
			c.Bad("code", "This is neither the code that your authenticator shows now nor one of your unused recovery codes.")
		} else {
			c.Bad("code", "This is not the code that your authenticator shows now.")
		}
	case vpn.CodeMFACodeUsed:
		c.Bad("code", "This code was used. Wait for the next one.")
	case vpn.CodeMFACodesThrottled, vpn.CodeSignInThrottled:
		c.Bad("code", err.Error())
	case vpn.CodeMFADeviceMissing:
		return errSignInNow
	default:
		return err
	}
	return c.Err()
}

// begin saves the enrolment of the session, and uses up the code that was given for it.
func (s *Service) begin(ctx context.Context, u User, replaces vpn.MFADeviceID, enrolment string, code vpn.MFACode) error {
	return s.core.Update(ctx, func(tx *store.Tx) error {
		if err := u.Recheck(ctx, tx, vpn.EnrolOwnFactor, ""); err != nil {
			return err
		}
		return s.beginIn(ctx, tx, u, replaces, enrolment, code)
	})
}

func (s *Service) beginIn(ctx context.Context, tx *store.Tx, u User, replaces vpn.MFADeviceID, enrolment string, code vpn.MFACode) error {
	d, err := directoryOf(ctx, tx, u.Session.Provider)
	if err != nil {
		return err
	}
	device, err := deviceOf(ctx, tx, d.ID, u.Session.Key)
	if err != nil {
		return err
	}
	if device.ID != replaces {
		return vpn.ErrMFAEnrolmentOver
	}
	if err := s.useCode(ctx, tx, u.Principal, code); err != nil {
		return besideCode(err, true)
	}
	e := vpn.NewMFAEnrolment(u.Session, d.ID, s.core.Now())
	e.Replaces, e.Code = replaces, enrolment
	return tx.SaveMFAEnrolment(ctx, e, vpn.NewTOTPKey())
}

// CancelMFA gives up what the session sets up. The authenticator of before goes on to count.
func (s *Service) CancelMFA(ctx context.Context, u User) error {
	return s.core.Update(ctx, func(tx *store.Tx) error {
		if err := u.Recheck(ctx, tx, vpn.EnrolOwnFactor, ""); err != nil {
			return err
		}
		return tx.DeleteMFAEnrolment(ctx, u.Session.Digest)
	})
}
