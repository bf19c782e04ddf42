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
	code, refused := device.Judge(key, typed, core.Now())
	if refused != nil {
		return vpn.MFACode{}, refused
	}
	return code, nil
}
