package identity

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// judgeCode judges an MFA code of a user whose password was right. It does not use it up: the sign-in may be refused for
// another reason, and a client repeats its answer then.
func (t *throttle) judgeCode(ctx context.Context, userKey, typed string) (vpn.MFACode, error) {
	var device vpn.MFADevice
	var key vpn.Secret
	core := t.service.core
	err := core.View(ctx, func(tx *store.Tx) (err error) {
		if device, err = tx.MFADeviceOf(ctx, t.request.Directory, userKey); err != nil {
			return err
		}
		if key, err = tx.MFADeviceKey(ctx, device.ID); err != nil {
			return err
		}
		return t.mayJudge(ctx, tx, device.ID)
	})
	switch {
	case vpn.KindOf(err) == vpn.NotFound || err == nil && !device.Confirmed():
		return vpn.MFACode{}, vpn.ErrMFADeviceMissing
	case err != nil:
		return vpn.MFACode{}, err
	}
	if digest := vpn.RecoveryDigest(device.ID, key, typed); digest != "" && t.request.Portal {
		return t.judgeRecoveryCode(ctx, device.ID, digest)
	}
	code, refused := device.Judge(key, typed, core.Now())
	if refused != nil {
		return vpn.MFACode{}, refused
	}
	return code, nil
}

// judgeRecoveryCode judges a recovery code, which stands for a code in the self-service portal alone: the files of the VPN ask
// for what the authenticator shows.
func (t *throttle) judgeRecoveryCode(ctx context.Context, device vpn.MFADeviceID, digest string) (vpn.MFACode, error) {
	known := false
	err := t.service.core.View(ctx, func(tx *store.Tx) (err error) { known, err = tx.HasRecoveryCode(ctx, device, digest); return err })
	if err == nil && !known {
		err = vpn.ErrMFACodeWrong
	}
	if err != nil {
		return vpn.MFACode{}, err
	}
	return vpn.MFACode{Device: device, Recovery: digest}, nil
}

// ProveCode judges a code of a user who is signed in to the self-service portal, within the limits of a sign-in. Who acts on
// it uses it up. recovery tells whether a recovery code may stand for it. Errors: Denied and Throttled with the code of the
// reason.
func (s *Service) ProveCode(ctx context.Context, r ProofRequest, userKey, typed string, recovery bool) (vpn.MFACode, error) {
	r.Portal = recovery
	limits := &throttle{service: s, request: r}
	if err := limits.begin(ctx); err != nil {
		return vpn.MFACode{}, err
	}
	err := limits.mayTry(ctx, userKey)
	var code vpn.MFACode
	if err == nil {
		code, err = limits.judgeCode(ctx, userKey, typed)
	}
	return code, limits.end(ctx, err)
}
