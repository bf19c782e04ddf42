package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

var mfaEnrolmentNoun = noun{what: "MFA enrolment", code: vpn.CodeMFADeviceNotFound, dangling: "The session of this MFA enrolment no longer exists."}

type mfaEnrolmentRow struct {
	Session   string `gorm:"column:session_digest;primaryKey"`
	Directory string `gorm:"column:directory_id"`
	UserKey   string `gorm:"column:user_key"`
	Name      string `gorm:"column:name"`
	Secret    []byte `gorm:"column:secret"` // sealed
	Replaces  string `gorm:"column:replaces"`
	Code      string `gorm:"column:code"`
	Created   int64  `gorm:"column:created_at"`
}

func (mfaEnrolmentRow) TableName() string { return "mfa_enrolment" }

// mfaEnrolmentColumn is the place that the key of an enrolment is sealed for.
const mfaEnrolmentColumn = "mfa_enrolment.secret"

// SaveMFAEnrolment saves the enrolment of a session with its key, in place of the one before.
func (t *Tx) SaveMFAEnrolment(ctx context.Context, e vpn.MFAEnrolment, key vpn.Secret) error {
	sealed, err := t.store.seal(key, mfaEnrolmentColumn, e.Session)
	if err != nil {
		return err
	}
	row := mfaEnrolmentRow{
		Session: e.Session, Directory: clean(string(e.Directory)), UserKey: clean(e.UserKey), Name: clean(e.Username), Secret: sealed,
		Replaces: clean(string(e.Replaces)), Code: clean(e.Code), Created: micros(e.CreatedAt),
	}
	return withoutHash(mfaEnrolmentNoun.wrote(t.on(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "session_digest"}}, UpdateAll: true}).Create(&row), ""))
}

// MFAEnrolment reads the enrolment of a session of a user with its key. The NotFound error does not name the session.
func (t *Tx) MFAEnrolment(ctx context.Context, session string, u vpn.UserRef) (e vpn.MFAEnrolment, key vpn.Secret, err error) {
	q := t.on(ctx).Where("directory_id = ? AND user_key = ?", clean(string(u.Provider)), clean(u.Key))
	r, err := readOne[mfaEnrolmentRow](q, mfaEnrolmentNoun, "session_digest", session)
	if err != nil {
		return e, "", withoutHash(err)
	}
	e = vpn.MFAEnrolment{
		Session: r.Session, Directory: vpn.DirectoryID(r.Directory), UserKey: r.UserKey, Username: r.Name, Replaces: vpn.MFADeviceID(r.Replaces), Code: r.Code, CreatedAt: instant(r.Created),
	}
	key, err = t.store.unseal(r.Secret, mfaEnrolmentColumn, r.Session)
	return e, key, err
}

// DeleteMFAEnrolment gives the enrolment of a session up. None is no error.
func (t *Tx) DeleteMFAEnrolment(ctx context.Context, session string) error {
	return mfaEnrolmentNoun.read(t.on(ctx).Where("session_digest = ?", clean(session)).Delete(&mfaEnrolmentRow{}).Error, "")
}

// DeleteMFAEnrolmentsOf gives the enrolments of a user up, in whichever sessions.
func (t *Tx) DeleteMFAEnrolmentsOf(ctx context.Context, directory vpn.DirectoryID, userKey string) error {
	return mfaEnrolmentNoun.read(t.on(ctx).Where("directory_id = ? AND user_key = ?", clean(string(directory)), clean(userKey)).Delete(&mfaEnrolmentRow{}).Error, "")
}

// PurgeMFAEnrolments deletes enrolments from before a time, at most limit, and returns their number.
func (t *Tx) PurgeMFAEnrolments(ctx context.Context, before time.Time, limit int) (int, error) {
	old := t.on(ctx).Model(&mfaEnrolmentRow{}).Select("session_digest").Where("created_at < ?", micros(before)).Limit(limit)
	g := t.on(ctx).Where("session_digest IN (?)", old).Delete(&mfaEnrolmentRow{})
	return int(g.RowsAffected), mfaEnrolmentNoun.read(g.Error, "")
}
