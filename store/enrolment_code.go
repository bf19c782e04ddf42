package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

var enrolmentCodeNoun = noun{what: "enrolment code", code: vpn.CodeEnrolmentCodeWrong, dangling: "The directory of this enrolment code no longer exists."}

type enrolmentCodeRow struct {
	Directory string `gorm:"column:directory_id;primaryKey"`
	UserKey   string `gorm:"column:user_key;primaryKey"`
	Name      string `gorm:"column:name"`
	Digest    string `gorm:"column:digest"`
	Created   int64  `gorm:"column:created_at"`
	CreatedBy string `gorm:"column:created_by"`
	Ends      int64  `gorm:"column:ends_at"`
}

func (enrolmentCodeRow) TableName() string { return "enrolment_code" }

// SaveEnrolmentCode saves the enrolment code of a user, in place of the one before.
func (t *Tx) SaveEnrolmentCode(ctx context.Context, e vpn.EnrolmentCode) error {
	row := enrolmentCodeRow{
		Directory: clean(string(e.Directory)), UserKey: clean(e.UserKey), Name: clean(e.Username), Digest: e.Digest, Created: micros(e.CreatedAt), CreatedBy: clean(e.CreatedBy), Ends: micros(e.EndsAt),
	}
	return enrolmentCodeNoun.wrote(t.on(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "directory_id"}, {Name: "user_key"}}, UpdateAll: true}).Create(&row), "")
}

// EnrolmentCode reads the enrolment code of a user.
func (t *Tx) EnrolmentCode(ctx context.Context, directory vpn.DirectoryID, userKey string) (vpn.EnrolmentCode, error) {
	r, err := readOne[enrolmentCodeRow](t.on(ctx).Where("directory_id = ?", clean(string(directory))), enrolmentCodeNoun, "user_key", clean(userKey))
	return vpn.EnrolmentCode{
		Directory: vpn.DirectoryID(r.Directory), UserKey: r.UserKey, Username: r.Name, Digest: r.Digest, CreatedAt: instant(r.Created), CreatedBy: r.CreatedBy, EndsAt: instant(r.Ends),
	}, err
}

// DeleteEnrolmentCode takes the enrolment code of a user away. None is no error.
func (t *Tx) DeleteEnrolmentCode(ctx context.Context, directory vpn.DirectoryID, userKey string) error {
	err := t.on(ctx).Where("directory_id = ? AND user_key = ?", clean(string(directory)), clean(userKey)).Delete(&enrolmentCodeRow{}).Error
	return enrolmentCodeNoun.read(err, "")
}

// PurgeEnrolmentCodes deletes codes that ended before a time, at most limit, and returns their number.
func (t *Tx) PurgeEnrolmentCodes(ctx context.Context, before time.Time, limit int) (int, error) {
	var rows []enrolmentCodeRow
	if err := t.on(ctx).Select("directory_id", "user_key").Where("ends_at < ?", micros(before)).Limit(limit).Find(&rows).Error; err != nil {
		return 0, enrolmentCodeNoun.read(err, "")
	}
	for _, r := range rows {
		if err := t.DeleteEnrolmentCode(ctx, vpn.DirectoryID(r.Directory), r.UserKey); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}
