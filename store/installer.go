package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

var installerNoun = noun{what: "installer", code: vpn.CodeInstallerNotFound}

type installerRow struct {
	Platform string `gorm:"column:platform;primaryKey"`
	Program  string `gorm:"column:program"`
	Link     string `gorm:"column:link"`
	FileName string `gorm:"column:file_name"`
	File     string `gorm:"column:file_id"`
	Size     int64  `gorm:"column:size"`
	SHA256   string `gorm:"column:sha256"`
	At       int64  `gorm:"column:at"`
	By       string `gorm:"column:uploaded_by"`
}

func (installerRow) TableName() string { return "installer" }

func (r installerRow) installer() (vpn.Installer, error) {
	return vpn.Installer{
		Platform: vpn.Platform(r.Platform), Program: vpn.ClientProgramID(r.Program), Link: r.Link, FileName: r.FileName, File: r.File, Size: r.Size, SHA256: r.SHA256,
		At: instant(r.At), By: r.By,
	}, nil
}

// installerFileRow is a file of an installer, or one that is being uploaded, or one that was replaced.
type installerFileRow struct {
	ID      string `gorm:"column:id;primaryKey"`
	Created int64  `gorm:"column:created_at"`
}

func (installerFileRow) TableName() string { return "installer_file" }

type installerPieceRow struct {
	File   string `gorm:"column:file_id;primaryKey"`
	Number int64  `gorm:"column:number;primaryKey"`
	Data   []byte `gorm:"column:data"`
}

func (installerPieceRow) TableName() string { return "installer_piece" }

// Installers lists the installers, at most one of each platform.
func (t *Tx) Installers(ctx context.Context) ([]vpn.Installer, error) {
	return readAll(t.on(ctx).Order("platform"), installerNoun, installerRow.installer)
}

// Installer reads the installer of a platform.
func (t *Tx) Installer(ctx context.Context, p vpn.Platform) (vpn.Installer, error) {
	r, err := readOne[installerRow](t.on(ctx), installerNoun, "platform", string(p))
	if err != nil {
		return vpn.Installer{}, err
	}
	return r.installer()
}

// SaveInstaller puts an installer in the place of that of the platform.
func (t *Tx) SaveInstaller(ctx context.Context, i vpn.Installer) error {
	row := installerRow{
		Platform: clean(string(i.Platform)), Program: clean(string(i.Program)), Link: clean(i.Link), FileName: clean(i.FileName), File: clean(i.File), Size: i.Size,
		SHA256: clean(i.SHA256), At: micros(i.At), By: clean(i.By),
	}
	onConflict := clause.OnConflict{Columns: []clause.Column{{Name: "platform"}}, UpdateAll: true}
	return installerNoun.wrote(t.on(ctx).Clauses(onConflict).Create(&row), row.Platform)
}

// DeleteInstaller removes the installer of a platform. Its file stays for those who are downloading it, until it is purged.
func (t *Tx) DeleteInstaller(ctx context.Context, p vpn.Platform) error {
	return installerNoun.deleted(t.on(ctx).Where("platform = ?", clean(string(p))).Delete(&installerRow{}), string(p))
}

// CreateInstallerFile begins a file.
func (t *Tx) CreateInstallerFile(ctx context.Context, id string, now time.Time) error {
	return installerNoun.wrote(t.on(ctx).Create(&installerFileRow{ID: id, Created: micros(now)}), id)
}

// AddInstallerPiece adds a piece to a file: pieces are numbered from 0.
func (t *Tx) AddInstallerPiece(ctx context.Context, file string, number int, data []byte) error {
	return installerNoun.wrote(t.on(ctx).Create(&installerPieceRow{File: file, Number: int64(number), Data: data}), file)
}

// InstallerPiece reads a piece of a file.
func (t *Tx) InstallerPiece(ctx context.Context, file string, number int) ([]byte, error) {
	var row installerPieceRow
	err := t.on(ctx).Where("file_id = ? AND number = ?", clean(file), number).Take(&row).Error
	return row.Data, installerNoun.read(err, file)
}

// DropInstallerFile deletes at most limit pieces of a file, and the file with the last of them; it returns how many rows.
func (t *Tx) DropInstallerFile(ctx context.Context, id string, limit int) (int, error) {
	some := t.on(ctx).Model(&installerPieceRow{}).Select("number").Where("file_id = ?", id).Limit(limit)
	g := t.on(ctx).Where("file_id = ? AND number IN (?)", id, some).Delete(&installerPieceRow{})
	if g.Error != nil || g.RowsAffected > 0 {
		return int(g.RowsAffected), installerNoun.read(g.Error, id)
	}
	g = t.on(ctx).Where("id = ?", id).Delete(&installerFileRow{})
	return int(g.RowsAffected), installerNoun.read(g.Error, id)
}

// PurgeInstallerFiles deletes pieces of files that no installer has and that were begun before the given time, at most limit,
// and returns how many rows.
func (t *Tx) PurgeInstallerFiles(ctx context.Context, before time.Time, limit int) (int, error) {
	var ids []string
	used := t.on(ctx).Model(&installerRow{}).Select("file_id")
	err := t.on(ctx).Model(&installerFileRow{}).Where("created_at < ? AND id NOT IN (?)", micros(before), used).Order("created_at").Limit(1).Pluck("id", &ids).Error
	if err != nil || len(ids) == 0 {
		return 0, installerNoun.read(err, "")
	}
	return t.DropInstallerFile(ctx, ids[0], limit)
}
