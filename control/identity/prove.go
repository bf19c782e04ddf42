package identity

import (
	"context"
	"errors"
	"net/netip"

	"sallyport/store"
	"sallyport/vpn"
)

// ProofRequest asks a directory about the user name and the password of a login.
type ProofRequest struct {
	Directory vpn.DirectoryID
	Username  string     // as typed
	Password  vpn.Secret // as the client sent it: with the MFA code, where the directory demands one
	From      netip.Addr // the client's
	Device    string     // the fingerprint of the certificate that the client has proved; empty: none
	Trial     bool       // an administrator tries the sign-in: its source is not the user's
	Trace     *vpn.SignInTrace
}

var errSlowSignIns = vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryUnavailable, "The directory is slow: other sign-ins of this user wait for it.")

// Prove has a directory prove a user, in this order: failed sign-ins are within their limits, the password has the form that
// the directory demands, the directory has the user and accepts the password, the MFA code is right. The Proof has the
// settings that it was asked by also where the user is refused. Errors: Denied and Throttled with the code of the reason;
// Unavailable where the directory cannot say.
func (s *Service) Prove(ctx context.Context, r ProofRequest) (vpn.Proof, error) {
	d, source, err := s.Source(ctx, r.Directory)
	if err != nil {
		return vpn.Proof{}, err
	}
	proof := vpn.Proof{Directory: d.ID, Version: d.Version, MFA: d.MFA}
	limits := &throttle{service: s, request: r}
	done := r.Trace.Step("Compare failed sign-ins with their limits")
	err = limits.begin(ctx)
	done(err)
	if err != nil {
		return proof, err
	}
	password, code, refused := d.CheckPassword(r.Password)
	if refused != nil {
		r.Trace.Step("Read the password and the MFA code")(refused)
		return proof, refused
	}
	attempt := vpn.SignInAttempt{Name: r.Username, Password: password, Trace: r.Trace, Found: limits.mayTry}
	if d.MFA {
		attempt.Proved = func(ctx context.Context, key string) error {
			done := r.Trace.Step("Check the MFA code")
			err := s.useCode(ctx, d.ID, key, code)
			done(err)
			return err
		}
	}
	proof.User, err = source.SignIn(ctx, attempt)
	return proof, limits.end(ctx, err)
}

// useCode judges an MFA code of a user whose password was right, and uses it up.
func (s *Service) useCode(ctx context.Context, directory vpn.DirectoryID, userKey, code string) error {
	var device vpn.MFADevice
	var key vpn.Secret
	err := s.core.View(ctx, func(tx *store.Tx) (err error) {
		if device, err = tx.MFADeviceOf(ctx, directory, userKey); err == nil {
			key, err = tx.MFADeviceKey(ctx, device.ID)
		}
		return err
	})
	switch {
	case vpn.KindOf(err) == vpn.NotFound || err == nil && !device.Confirmed():
		return vpn.ErrMFADeviceMissing
	case err != nil:
		return err
	}
	step, ok := vpn.MatchTOTP(key, code, s.core.Now(), device.UsedStep)
	if !ok {
		return vpn.ErrMFACodeWrong
	}
	err = s.core.Update(ctx, func(tx *store.Tx) (err error) { ok, err = tx.UseMFACode(ctx, device.ID, step); return err })
	if err == nil && !ok { // another login was faster
		return vpn.ErrMFACodeWrong
	}
	return err
}

// refusalOf is the refusal that an error is; nil: it is none.
func refusalOf(err error) *vpn.Error {
	if e, ok := errors.AsType[*vpn.Error](err); ok {
		return e
	}
	return nil
}
