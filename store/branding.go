package store

import (
	"context"

	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

var brandingNoun = noun{what: "logo", code: vpn.CodeBrandingNotFound}

// brandingRow is the one row of what the public pages say of themselves; there is none before the first save.
type brandingRow struct {
	ID      int64  `gorm:"column:id;primaryKey"`
	Title   string `gorm:"column:title"`
	Contact string `gorm:"column:contact"`
	Help    string `gorm:"column:help"`
	Digest  string `gorm:"column:logo_digest"`
	Width   int    `gorm:"column:logo_width"`
	Height  int    `gorm:"column:logo_height"`
	Logo    []byte `gorm:"column:logo"`
	Version int64  `gorm:"column:version"`
}

func (brandingRow) TableName() string { return "portal_branding" }

const brandingID = 1

// Branding reads what the public pages say of themselves, without the picture of the logo.
func (t *Tx) Branding(ctx context.Context) (vpn.Branding, error) {
	var rows []brandingRow
	if err := t.on(ctx).Omit("logo").Where("id = ?", brandingID).Find(&rows).Error; err != nil || len(rows) == 0 {
		return vpn.Branding{}, brandingNoun.read(err, "")
	}
	r := rows[0]
	return vpn.Branding{Title: r.Title, Contact: r.Contact, Help: r.Help, Logo: vpn.LogoRef{Digest: r.Digest, Width: r.Width, Height: r.Height}, Version: int(r.Version)}, nil
}

// Logo reads the picture of the logo. NotFound where another one, or none, is stored.
func (t *Tx) Logo(ctx context.Context, digest string) ([]byte, error) {
	if digest == "" {
		return nil, brandingNoun.read(errNoRow, "")
	}
	r, err := readOne[brandingRow](t.on(ctx), brandingNoun, "logo_digest", digest)
	return r.Logo, err
}

// SaveBranding writes what the public pages say of themselves. picture is that of the logo, nil: the stored one stays.
func (t *Tx) SaveBranding(ctx context.Context, b vpn.Branding, picture []byte) error {
	row := brandingRow{
		ID: brandingID, Title: clean(b.Title), Contact: clean(b.Contact), Help: clean(b.Help), Digest: b.Logo.Digest, Width: b.Logo.Width, Height: b.Logo.Height,
		Logo: picture, Version: int64(b.Version),
	}
	columns := []string{"title", "contact", "help", "logo_digest", "logo_width", "logo_height", "version"}
	if picture != nil || b.Logo.Digest == "" {
		columns = append(columns, "logo")
	}
	if row.Logo == nil {
		row.Logo = []byte{}
	}
	onConflict := clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns(columns)}
	return brandingNoun.wrote(t.on(ctx).Clauses(onConflict).Create(&row), "")
}
