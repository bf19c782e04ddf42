package portal

import (
	"context"
	"net/netip"
	"strings"

	"sallyport/store"
	"sallyport/vpn"
)

// addressOf is the address of the user's browser; the zero value where it has none.
func addressOf(u User) netip.Addr {
	addr, _ := netip.ParseAddr(u.Source)
	return addr
}

// beginFirst begins the set-up of a user without an authenticator. The enrolment code stays good until the authenticator is
// confirmed: a QR code that ended is shown again by the same one. Wrong codes are counted as those of an authenticator are.
// Field: code.
func (s *Service) beginFirst(ctx context.Context, u User, typed string) error {
	var c vpn.Check
	err := s.core.Update(ctx, func(tx *store.Tx) error {
		c = vpn.Check{}
		if err := u.Recheck(ctx, tx, vpn.EnrolOwnFactor, ""); err != nil {
			return err
		}
		d, err := directoryOf(ctx, tx, u.Session.Provider)
		if err != nil {
			return err
		}
		if !d.EnrolmentCode {
			return s.beginIn(ctx, tx, u, "", "", vpn.MFACode{})
		}
		wrong := store.NewSignInID("enrolment code", string(d.ID), u.Session.Key)
		if strings.TrimSpace(typed) == "" {
			c.Bad("code", "Enter the enrolment code that the administrators of your VPN gave you.")
			return nil
		}
		failed, err := tx.SignInFailures(ctx, wrong)
		if err != nil {
			return err
		}
		now, limit := s.core.Now(), vpn.MFALimitElsewhere
		// The right code counts whatever was typed before it: it cannot be guessed, and otherwise who has the password alone
		// could keep the user from setting an authenticator up.
		code, err := tx.EnrolmentCode(ctx, d.ID, u.Session.Key)
		if err != nil && vpn.KindOf(err) != vpn.NotFound {
			return err
		}
		if err == nil && code.Matches(typed, now) {
			return s.beginIn(ctx, tx, u, "", code.Digest, vpn.MFACode{})
		}
		if wait := limit.Wait(failed, now); wait > 0 {
			c.Bad("code", vpn.EnrolmentCodesWait(wait, now))
			return nil
		}
		c.Bad("code", "This enrolment code is wrong, was used or has ended. Ask the administrators of your VPN for one.")
		return tx.SaveSignInFailures(ctx, wrong, vpn.SubjectUser, limit.Wrong(failed, now))
	})
	if err != nil {
		return err
	}
	if err := c.Err(); err != nil {
		s.core.Log.InfoContext(ctx, "an enrolment code was refused", "user", u.Name, "source", u.Source, "code", vpn.CodeEnrolmentCodeWrong)
		return err
	}
	return nil
}
