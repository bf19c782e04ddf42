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
	recovery, known := "", false
	core := t.service.core
	err := core.View(ctx, func(tx *store.Tx) (err error) {
		if device, err = tx.MFADeviceOf(ctx, t.request.Directory, userKey); err != nil {
			return err
		}
		if key, err = tx.MFADeviceKey(ctx, device.ID); err != nil {
			return err
		}
		if recovery = vpn.RecoveryDigest(device.ID, key, typed); recovery != "" && t.request.Portal {
			if known, err = tx.HasRecoveryCode(ctx, device.ID, recovery); err != nil || known {
				return err
			}
		}
		return t.mayJudge(ctx, tx, device.ID)
	})
	switch {
	case vpn.KindOf(err) == vpn.NotFound || err == nil && !device.Confirmed():
		return vpn.MFACode{}, vpn.ErrMFADeviceMissing
	case err != nil:
		return vpn.MFACode{}, err
	}
	// A recovery code stands for a code in the self-service portal alone: the files of the VPN ask for what the authenticator
	// shows. The right one counts whatever was typed before it: it cannot be guessed, and otherwise who has the password alone
	// could keep the user from replacing a lost authenticator.
	switch {
	case known:
		return vpn.MFACode{Device: device.ID, Recovery: recovery}, nil
	case recovery != "" && t.request.Portal:
		return vpn.MFACode{}, vpn.ErrMFACodeWrong
	}
	code, refused := device.Judge(key, typed, core.Now())
	if refused != nil {
		return vpn.MFACode{}, refused
	}
	return code, nil
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
