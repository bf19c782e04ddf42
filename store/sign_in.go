package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

// Any host can cause failures of invented names and from many addresses, and a user can sign in from anywhere: the newest
// rows of each kind are kept.
const (
	keptSignInFailures = 20000 // of names that are no users, and of sources
	keptSignInPlaces   = 20    // of one account
)

var signInNoun = noun{what: "record of sign-ins", code: vpn.CodeDirectoryNotFound, dangling: "The directory of this sign-in no longer exists."}

type signInFailureRow struct {
	Subject  string `gorm:"column:subject;primaryKey"`
	Kind     int    `gorm:"column:kind"`
	Failures int    `gorm:"column:failures"`
	Last     int64  `gorm:"column:last_at"`
}

func (signInFailureRow) TableName() string { return "sign_in_failure" }

type signInPlaceRow struct {
	Account   string `gorm:"column:account;primaryKey"`
	Place     string `gorm:"column:place;primaryKey"`
	Directory string `gorm:"column:directory_id"`
	At        int64  `gorm:"column:at"`
}

func (signInPlaceRow) TableName() string { return "sign_in_place" }

// SignInID names an account or a place in the records of sign-ins. What it is made of may be long, and is not kept.
type SignInID string

// NewSignInID is the name of what parts tell apart.
func NewSignInID(parts ...string) SignInID {
	h := sha256.New()
	for _, p := range parts {
		n := sha256.Sum256([]byte(p))
		_, _ = h.Write(n[:])
	}
	return SignInID(hex.EncodeToString(h.Sum(nil)))
}

// SignInFailures reads the failures of a subject.
func (t *Tx) SignInFailures(ctx context.Context, subject SignInID) (vpn.SignInFailures, error) {
	var row signInFailureRow
	err := t.on(ctx).Where("subject = ?", string(subject)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return vpn.SignInFailures{}, nil
	}
	return vpn.SignInFailures{Count: row.Failures, Last: instant(row.Last)}, signInNoun.read(err, "")
}

// SignInFailuresOf reads the failures of subjects; those without any are absent.
func (t *Tx) SignInFailuresOf(ctx context.Context, subjects ...SignInID) (map[SignInID]vpn.SignInFailures, error) {
	var rows []signInFailureRow
	err := t.on(ctx).Where("subject IN ?", idStrings(subjects)).Find(&rows).Error
	out := make(map[SignInID]vpn.SignInFailures, len(rows))
	for _, r := range rows {
		out[SignInID(r.Subject)] = vpn.SignInFailures{Count: r.Failures, Last: instant(r.Last)}
	}
	return out, signInNoun.read(err, "")
}

// SignInPlaces tells when an account last signed in from each of the places; those where it never did are absent.
func (t *Tx) SignInPlaces(ctx context.Context, directory vpn.DirectoryID, account SignInID, places ...SignInID) (map[SignInID]time.Time, error) {
	var rows []signInPlaceRow
	err := t.on(ctx).Where("directory_id = ? AND account = ? AND place IN ?", clean(string(directory)), string(account), idStrings(places)).Find(&rows).Error
	out := make(map[SignInID]time.Time, len(rows))
	for _, r := range rows {
		out[SignInID(r.Place)] = instant(r.At)
	}
	return out, signInNoun.read(err, "")
}

// SaveSignInFailures saves the failures of a subject.
func (t *Tx) SaveSignInFailures(ctx context.Context, subject SignInID, kind vpn.SignInSubject, f vpn.SignInFailures) error {
	row := signInFailureRow{Subject: string(subject), Kind: int(kind), Failures: f.Count, Last: micros(f.Last)}
	err := t.on(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "subject"}}, UpdateAll: true}).Create(&row).Error
	if err != nil || kind == vpn.SubjectUser || f.Count > 1 {
		return signInNoun.read(err, "")
	}
	old := t.on(ctx).Model(&signInFailureRow{}).Select("subject").Where("kind = ?", int(kind)).Order("last_at DESC").Limit(batch).Offset(keptSignInFailures)
	return signInNoun.read(t.on(ctx).Where("subject IN (?)", old).Delete(&signInFailureRow{}).Error, "")
}

// ForgetSignInFailures removes the failures of a subject.
func (t *Tx) ForgetSignInFailures(ctx context.Context, subject SignInID) error {
	return signInNoun.read(t.on(ctx).Where("subject = ?", string(subject)).Delete(&signInFailureRow{}).Error, "")
}

// SignedInAt tells when an account last signed in from one of the places; zero: never. An empty account is any of the
// directory.
func (t *Tx) SignedInAt(ctx context.Context, directory vpn.DirectoryID, account SignInID, places ...SignInID) (time.Time, error) {
	q := t.on(ctx).Model(&signInPlaceRow{}).Where("directory_id = ? AND place IN ?", clean(string(directory)), idStrings(places))
	if account != "" {
		q = q.Where("account = ?", string(account))
	}
	var rows []signInPlaceRow
	err := q.Order("at DESC").Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return time.Time{}, signInNoun.read(err, "")
	}
	return instant(rows[0].At), nil
}

// SaveSignIn notes from which places an account signed in. The newest places of an account are kept.
func (t *Tx) SaveSignIn(ctx context.Context, directory vpn.DirectoryID, account SignInID, at time.Time, places ...SignInID) error {
	for _, p := range places {
		row := signInPlaceRow{Account: string(account), Place: string(p), Directory: string(directory), At: micros(at)}
		err := t.on(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "account"}, {Name: "place"}}, UpdateAll: true}).Create(&row).Error
		if err != nil {
			return signInNoun.read(err, string(directory))
		}
	}
	old := t.on(ctx).Model(&signInPlaceRow{}).Select("place").Where("account = ?", string(account)).Order("at DESC, place").Limit(batch).Offset(keptSignInPlaces)
	return signInNoun.read(t.on(ctx).Where("account = ? AND place IN (?)", string(account), old).Delete(&signInPlaceRow{}).Error, "")
}

// NoteSignIn stores what is to be remembered of a sign-in whose user is let in.
func (t *Tx) NoteSignIn(ctx context.Context, n vpn.SignInNote, at time.Time) error {
	for _, subject := range n.Forget {
		if err := t.ForgetSignInFailures(ctx, SignInID(subject)); err != nil {
			return err
		}
	}
	if len(n.Places) == 0 {
		return nil
	}
	places := make([]SignInID, len(n.Places))
	for i, p := range n.Places {
		places[i] = SignInID(p)
	}
	return t.SaveSignIn(ctx, n.Directory, SignInID(n.Account), at, places...)
}

// PurgeSignInFailures deletes the failures of which the last was before the given time, at most limit rows, and returns
// their number.
func (t *Tx) PurgeSignInFailures(ctx context.Context, before time.Time, limit int) (int, error) {
	old := t.on(ctx).Model(&signInFailureRow{}).Select("subject").Where("last_at < ?", micros(before)).Limit(limit)
	g := t.on(ctx).Where("subject IN (?)", old).Delete(&signInFailureRow{})
	return int(g.RowsAffected), signInNoun.read(g.Error, "")
}

// PurgeSignIns does the same with the places of sign-ins.
func (t *Tx) PurgeSignIns(ctx context.Context, before time.Time, limit int) (int, error) {
	old := t.on(ctx).Model(&signInPlaceRow{}).Select("account").Where("at < ?", micros(before)).Limit(limit)
	g := t.on(ctx).Where("account IN (?) AND at < ?", old, micros(before)).Delete(&signInPlaceRow{})
	return int(g.RowsAffected), signInNoun.read(g.Error, "")
}
