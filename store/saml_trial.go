package store

import (
	"context"
	"time"

	"sallyport/vpn"
)

var samlTrialNoun = noun{what: "test sign-in", code: vpn.CodeBrowserLinkInvalid, taken: "This test sign-in exists already."}

type samlTrialRow struct {
	ID       string `gorm:"column:id;primaryKey"`
	Token    []byte `gorm:"column:token"` // sealed
	Provider string `gorm:"column:provider_id"`
	By       string `gorm:"column:started_by"`
	Created  int64  `gorm:"column:created_at"`
}

func (samlTrialRow) TableName() string { return "saml_trial" }

// samlTrialColumn is the place that the token is sealed for.
const samlTrialColumn = "saml_trial.token"

// CreateSAMLTrial adds a test sign-in.
func (t *Tx) CreateSAMLTrial(ctx context.Context, v vpn.SAMLTrial) error {
	sealed, err := t.store.seal(v.Token, samlTrialColumn, v.ID())
	if err != nil {
		return err
	}
	row := samlTrialRow{ID: v.ID(), Token: sealed, Provider: string(v.Provider), By: clean(v.By), Created: micros(v.CreatedAt)}
	return samlTrialNoun.wrote(t.on(ctx).Create(&row), row.ID)
}

// SAMLTrial reads a test sign-in.
func (t *Tx) SAMLTrial(ctx context.Context, id string) (vpn.SAMLTrial, error) {
	row, err := readOne[samlTrialRow](t.on(ctx), samlTrialNoun, "id", id)
	if err != nil {
		return vpn.SAMLTrial{}, err
	}
	token, err := t.store.unseal(row.Token, samlTrialColumn, row.ID)
	return vpn.SAMLTrial{Token: token, Provider: vpn.SAMLProviderID(row.Provider), By: row.By, CreatedAt: instant(row.Created)}, err
}

// PurgeSAMLTrials deletes the test sign-ins that began before a time, at most limit, and returns their number.
func (t *Tx) PurgeSAMLTrials(ctx context.Context, before time.Time, limit int) (int, error) {
	old := t.on(ctx).Model(&samlTrialRow{}).Select("id").Where("created_at < ?", micros(before)).Limit(limit)
	g := t.on(ctx).Where("id IN (?)", old).Delete(&samlTrialRow{})
	return int(g.RowsAffected), samlTrialNoun.read(g.Error, "")
}
