package store

import (
	"context"
	"time"

	"sallyport/control"
	"sallyport/vpn"
)

var sessionNoun = noun{
	what: "session", code: "InvalidSession.NotFound",
	taken:    "This session exists already.",
	dangling: "The administrator of this session no longer exists.",
}

type sessionRow struct {
	Hash          string `gorm:"column:hash;primaryKey"`
	Audience      string `gorm:"column:audience"`
	Administrator string `gorm:"column:administrator_id"`
	Created       int64  `gorm:"column:created_at"`
	Seen          int64  `gorm:"column:seen_at"`
	Source        string `gorm:"column:source"`
	Flash         string `gorm:"column:flash"`
}

func (sessionRow) TableName() string { return "session" }

// Session's NotFound says no hash: it came from a stranger's cookie.
func (t *tx) Session(ctx context.Context, hash string) (control.Session, error) {
	r, err := one[sessionRow](t.on(ctx), sessionNoun, "hash", hash)
	if err != nil {
		return control.Session{}, withoutHash(err)
	}
	return control.Session{
		Hash: r.Hash, Audience: r.Audience, Administrator: vpn.AdministratorID(r.Administrator),
		CreatedAt: instant(r.Created), SeenAt: instant(r.Seen), Source: r.Source, Flash: r.Flash,
	}, nil
}

func withoutHash(err error) error {
	if err != nil && vpn.KindOf(err) == vpn.NotFound {
		return vpn.Refuse(vpn.NotFound, sessionNoun.code, "The session has ended.")
	}
	return err
}

func (t *tx) CreateSession(ctx context.Context, s control.Session) error {
	return sessionNoun.wrote(t.on(ctx).Create(&sessionRow{
		Hash: s.Hash, Audience: s.Audience, Administrator: string(s.Administrator),
		Created: micros(s.CreatedAt), Seen: micros(s.SeenAt), Source: clean(s.Source), Flash: clean(s.Flash),
	}), "")
}

func (t *tx) TouchSession(ctx context.Context, hash string, at time.Time) error {
	return t.updateSession(ctx, hash, "seen_at", micros(at))
}

func (t *tx) SaveSessionFlash(ctx context.Context, hash string, flash string) error {
	return t.updateSession(ctx, hash, "flash", clean(flash))
}

func (t *tx) updateSession(ctx context.Context, hash, column string, value any) error {
	g := t.on(ctx).Model(&sessionRow{}).Where("hash = ?", clean(hash)).Update(column, value)
	return withoutHash(sessionNoun.wrote(g, ""))
}

// DeleteSession is content where there is no such session.
func (t *tx) DeleteSession(ctx context.Context, hash string) error {
	return sessionNoun.read(t.on(ctx).Where("hash = ?", clean(hash)).Delete(&sessionRow{}).Error, "")
}

func (t *tx) DeleteSessionsOf(ctx context.Context, id vpn.AdministratorID) (int, error) {
	g := t.on(ctx).Where("administrator_id = ?", clean(string(id))).Delete(&sessionRow{})
	return int(g.RowsAffected), sessionNoun.read(g.Error, "")
}

func (t *tx) PurgeSessions(ctx context.Context, idleBefore, createdBefore time.Time) (int, error) {
	g := t.on(ctx).Where("seen_at < ? OR created_at < ?", micros(idleBefore), micros(createdBefore)).Delete(&sessionRow{})
	return int(g.RowsAffected), sessionNoun.read(g.Error, "")
}
