package store

import (
	"context"
	"time"

	"sallyport/vpn"
)

var recoveryCodeNoun = noun{what: "recovery code", code: vpn.CodeMFADeviceNotFound, taken: "This recovery code exists already.", dangling: "The MFA device of this recovery code no longer exists."}

type recoveryCodeRow struct {
	Device  string `gorm:"column:device_id;primaryKey"`
	Digest  string `gorm:"column:digest;primaryKey"`
	Created int64  `gorm:"column:created_at"`
	Used    int64  `gorm:"column:used_at"`
}

func (recoveryCodeRow) TableName() string { return "recovery_code" }

// SaveRecoveryCodes gives a device a set of recovery codes, by their digests, in place of the one before.
func (t *Tx) SaveRecoveryCodes(ctx context.Context, device vpn.MFADeviceID, digests []string, at time.Time) error {
	if err := t.on(ctx).Where("device_id = ?", clean(string(device))).Delete(&recoveryCodeRow{}).Error; err != nil {
		return recoveryCodeNoun.read(err, "")
	}
	rows := make([]recoveryCodeRow, len(digests))
	for i, d := range digests {
		rows[i] = recoveryCodeRow{Device: string(device), Digest: d, Created: micros(at)}
	}
	return withoutHash(recoveryCodeNoun.wrote(t.on(ctx).Create(&rows), ""))
}

// HasRecoveryCode tells whether a device has a recovery code that was not used.
func (t *Tx) HasRecoveryCode(ctx context.Context, device vpn.MFADeviceID, digest string) (bool, error) {
	var n int64
	err := t.on(ctx).Model(&recoveryCodeRow{}).Where("device_id = ? AND digest = ? AND used_at = 0", clean(string(device)), clean(digest)).Count(&n).Error
	return n == 1, recoveryCodeNoun.read(err, "")
}

// UseRecoveryCode uses a recovery code up. It is false where there is none such, or it was used before.
func (t *Tx) UseRecoveryCode(ctx context.Context, device vpn.MFADeviceID, digest string, at time.Time) (bool, error) {
	g := t.on(ctx).Model(&recoveryCodeRow{}).Where("device_id = ? AND digest = ? AND used_at = 0", clean(string(device)), clean(digest)).Update("used_at", micros(at))
	return g.RowsAffected == 1, recoveryCodeNoun.read(g.Error, "")
}

// RecoveryState tells of the recovery codes of a device.
func (t *Tx) RecoveryState(ctx context.Context, device vpn.MFADeviceID) (vpn.RecoveryState, error) {
	var rows []recoveryCodeRow
	err := t.on(ctx).Where("device_id = ?", clean(string(device))).Find(&rows).Error
	var s vpn.RecoveryState
	var used int64
	for _, r := range rows {
		s.Made = instant(r.Created)
		if used = max(used, r.Used); r.Used == 0 {
			s.Left++
		}
	}
	s.UsedAt = instant(used)
	return s, recoveryCodeNoun.read(err, "")
}
