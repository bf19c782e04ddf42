package store

import (
	"context"
	"time"

	"sallyport/vpn"
)

var portalSessionNoun = noun{what: "session", code: vpn.CodeSessionNotFound, taken: "This session exists already."}

type portalSessionRow struct {
	Digest   string `gorm:"column:digest;primaryKey"`
	Provider string `gorm:"column:provider"`
	Key      string `gorm:"column:user_key"`
	Name     string `gorm:"column:name"`
	Groups   string `gorm:"column:user_groups"`
	Source   string `gorm:"column:source"`
	Created  int64  `gorm:"column:created_at"`
	Seen     int64  `gorm:"column:seen_at"`
	Ends     int64  `gorm:"column:ends_at"`
}

func (portalSessionRow) TableName() string { return "portal_session" }

func (r portalSessionRow) session() (vpn.PortalSession, error) {
	var d decoder
	s := vpn.PortalSession{
		Digest: r.Digest, UserRef: vpn.UserRef{Provider: vpn.ProviderID(r.Provider), Key: r.Key}, Name: r.Name, Source: r.Source,
		CreatedAt: instant(r.Created), SeenAt: instant(r.Seen), EndsAt: instant(r.Ends),
	}
	d.json(r.Groups, &s.Groups)
	return s, d.err
}

// PortalSession reads a session of the self-service portal by the digest of its cookie. The NotFound error does not name
// the digest: it comes from a request of anyone.
func (t *Tx) PortalSession(ctx context.Context, digest string) (vpn.PortalSession, error) {
	r, err := readOne[portalSessionRow](t.on(ctx), portalSessionNoun, "digest", digest)
	if err != nil {
		return vpn.PortalSession{}, withoutHash(err)
	}
	return r.session()
}

// CreatePortalSession adds a session.
func (t *Tx) CreatePortalSession(ctx context.Context, s vpn.PortalSession) error {
	groups, err := encodeJSON(s.Groups)
	if err != nil {
		return err
	}
	return portalSessionNoun.wrote(t.on(ctx).Create(&portalSessionRow{
		Digest: s.Digest, Provider: clean(string(s.Provider)), Key: clean(s.Key), Name: clean(s.Name), Groups: clean(groups), Source: clean(s.Source),
		Created: micros(s.CreatedAt), Seen: micros(s.SeenAt), Ends: micros(s.EndsAt),
	}), "")
}

// TouchPortalSession writes when the session was last used.
func (t *Tx) TouchPortalSession(ctx context.Context, digest string, at time.Time) error {
	g := t.on(ctx).Model(&portalSessionRow{}).Where("digest = ?", clean(digest)).Update("seen_at", micros(at))
	return withoutHash(portalSessionNoun.wrote(g, ""))
}

// DeletePortalSession ends a session. No such session is no error.
func (t *Tx) DeletePortalSession(ctx context.Context, digest string) error {
	return portalSessionNoun.read(t.on(ctx).Where("digest = ?", clean(digest)).Delete(&portalSessionRow{}).Error, "")
}

// PurgePortalSessions deletes sessions that were last used or ended before the given times, at most limit, and returns their
// number.
func (t *Tx) PurgePortalSessions(ctx context.Context, idleBefore, endedBefore time.Time, limit int) (int, error) {
	old := t.on(ctx).Model(&portalSessionRow{}).Select("digest").Where("seen_at < ? OR ends_at < ?", micros(idleBefore), micros(endedBefore)).Limit(limit)
	g := t.on(ctx).Where("digest IN (?)", old).Delete(&portalSessionRow{})
	return int(g.RowsAffected), portalSessionNoun.read(g.Error, "")
}
