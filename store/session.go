package store

import (
	"context"
	"time"

	"sallyport/vpn"
)

var sessionNoun = noun{
	what: "session", code: vpn.CodeSessionNotFound,
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

// Session reads a session by the hash of its cookie. The NotFound error does not name the hash: it
// comes from a request of anyone.
func (t *Tx) Session(ctx context.Context, hash string) (vpn.WebSession, error) {
	r, err := readOne[sessionRow](t.on(ctx), sessionNoun, "hash", hash)
	if err != nil {
		return vpn.WebSession{}, withoutHash(err)
	}
	return vpn.WebSession{
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

// CreateSession adds a session.
func (t *Tx) CreateSession(ctx context.Context, s vpn.WebSession) error {
	return sessionNoun.wrote(t.on(ctx).Create(&sessionRow{
		Hash: s.Hash, Audience: s.Audience, Administrator: string(s.Administrator),
		Created: micros(s.CreatedAt), Seen: micros(s.SeenAt), Source: clean(s.Source), Flash: clean(s.Flash),
	}), "")
}

// TouchSession writes when the session was last used.
func (t *Tx) TouchSession(ctx context.Context, hash string, at time.Time) error {
	return t.updateSession(ctx, hash, "seen_at", micros(at))
}

// SaveSessionFlash replaces the messages for the next page of the session.
func (t *Tx) SaveSessionFlash(ctx context.Context, hash string, flash string) error {
	return t.updateSession(ctx, hash, "flash", clean(flash))
}

func (t *Tx) updateSession(ctx context.Context, hash, column string, value any) error {
	g := t.on(ctx).Model(&sessionRow{}).Where("hash = ?", clean(hash)).Update(column, value)
	return withoutHash(sessionNoun.wrote(g, ""))
}

// DeleteSession ends a session. No such session is no error.
func (t *Tx) DeleteSession(ctx context.Context, hash string) error {
	return sessionNoun.read(t.on(ctx).Where("hash = ?", clean(hash)).Delete(&sessionRow{}).Error, "")
}

// DeleteSessionsOf ends the sessions of an account and returns their number.
func (t *Tx) DeleteSessionsOf(ctx context.Context, id vpn.AdministratorID) (int, error) {
	g := t.on(ctx).Where("administrator_id = ?", clean(string(id))).Delete(&sessionRow{})
	return int(g.RowsAffected), sessionNoun.read(g.Error, "")
}

// PurgeSessions deletes the sessions that were last used or created before the given times and
// returns their number.
func (t *Tx) PurgeSessions(ctx context.Context, idleBefore, createdBefore time.Time) (int, error) {
	g := t.on(ctx).Where("seen_at < ? OR created_at < ?", micros(idleBefore), micros(createdBefore)).Delete(&sessionRow{})
	return int(g.RowsAffected), sessionNoun.read(g.Error, "")
}
