package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

var deploymentNoun = noun{what: "settings"}

// deploymentRow is the one row of the deployment's settings; the migration makes it.
type deploymentRow struct {
	ID       int64  `gorm:"column:id;primaryKey"`
	Settings string `gorm:"column:settings"`
	Version  int64  `gorm:"column:version"`
}

func (deploymentRow) TableName() string { return "deployment" }

const deploymentID = 1

func (r deploymentRow) settings() (vpn.SavedSettings, error) {
	var d decoder
	s := vpn.SavedSettings{Values: map[string]string{}, Version: int(r.Version)}
	d.json(r.Settings, &s.Values)
	return s, d.err
}

func readDeployment(q *gorm.DB) (row deploymentRow, err error) {
	err = q.Where("id = ?", deploymentID).Take(&row).Error
	return row, deploymentNoun.read(err, "")
}

// Settings reads the deployment's settings as an administrator saved them.
func (t *Tx) Settings(ctx context.Context) (vpn.SavedSettings, error) {
	row, err := readDeployment(t.on(ctx))
	if err != nil {
		return vpn.SavedSettings{}, err
	}
	return row.settings()
}

// LockSettings reads the settings for change: no other transaction changes them until this one ends.
func (t *Tx) LockSettings(ctx context.Context) (vpn.SavedSettings, error) {
	locking := t.on(ctx).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
	row, err := readDeployment(locking)
	if err != nil {
		return vpn.SavedSettings{}, err
	}
	return row.settings()
}

// SaveSettings writes the deployment's settings.
func (t *Tx) SaveSettings(ctx context.Context, s vpn.SavedSettings) error {
	text, err := encodeJSON(s.Values)
	if err != nil {
		return err
	}
	row := deploymentRow{ID: deploymentID, Settings: text, Version: int64(s.Version)}
	return deploymentNoun.wrote(t.on(ctx).Model(&deploymentRow{}).Where("id = ?", row.ID).Select("settings", "version").Updates(&row), "")
}
