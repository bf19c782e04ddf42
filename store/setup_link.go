package store

import (
	"context"
	"time"
)

var setupLinkNoun = noun{what: "set-up link", taken: "This set-up link exists already."}

type setupLinkRow struct {
	Hash    string `gorm:"column:hash;primaryKey"`
	Expires int64  `gorm:"column:expires_at"`
}

func (setupLinkRow) TableName() string { return "setup_link" }

// CreateSetupLink adds a set-up link and deletes all earlier ones.
func (t *Tx) CreateSetupLink(ctx context.Context, hash string, expires time.Time) error {
	if err := t.DeleteSetupLinks(ctx); err != nil {
		return err
	}
	return setupLinkNoun.wrote(t.on(ctx).Create(&setupLinkRow{Hash: hash, Expires: micros(expires)}), "")
}

// SetupLinkValid tells whether a set-up link with this hash can still be used.
func (t *Tx) SetupLinkValid(ctx context.Context, hash string, now time.Time) (bool, error) {
	var n int64
	err := t.on(ctx).Model(&setupLinkRow{}).Where("hash = ? AND expires_at > ?", clean(hash), micros(now)).Count(&n).Error
	return n > 0, setupLinkNoun.read(err, "")
}

// DeleteSetupLinks deletes all set-up links.
func (t *Tx) DeleteSetupLinks(ctx context.Context) error {
	return setupLinkNoun.read(t.on(ctx).Where("hash <> ''").Delete(&setupLinkRow{}).Error, "")
}
