package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"sallyport/vpn"
)

var portalSessionNoun = noun{what: "session", code: vpn.CodeSessionNotFound, taken: "This session exists already."}

type portalSessionRow struct {
	Digest    string `gorm:"column:digest;primaryKey"`
	ID        string `gorm:"column:id"`
	Provider  string `gorm:"column:provider"`
	Key       string `gorm:"column:user_key"`
	Name      string `gorm:"column:name"`
	Groups    string `gorm:"column:user_groups"`
	Purpose   string `gorm:"column:purpose"`
	Source    string `gorm:"column:source"`
	Endpoint  string `gorm:"column:endpoint_id"`
	Created   int64  `gorm:"column:created_at"`
	Seen      int64  `gorm:"column:seen_at"`
	Ends      int64  `gorm:"column:ends_at"`
	Ended     int64  `gorm:"column:ended_at"`
	EndReason string `gorm:"column:end_reason"`
}

func (portalSessionRow) TableName() string { return "portal_session" }

func (r portalSessionRow) session() (vpn.PortalSession, error) {
	var d decoder
	s := vpn.PortalSession{
		Digest: r.Digest, ID: vpn.PortalSessionID(r.ID), UserRef: vpn.UserRef{Provider: vpn.ProviderID(r.Provider), Key: r.Key}, Name: r.Name, Source: r.Source, Purpose: vpn.PortalPurpose(r.Purpose),
		Endpoint: vpn.EndpointID(r.Endpoint), CreatedAt: instant(r.Created), SeenAt: instant(r.Seen), EndsAt: instant(r.Ends), EndedAt: instant(r.Ended), EndReason: r.EndReason,
	}
	d.json(r.Groups, &s.Groups)
	return s, d.err
}

// PortalSession reads a session of the self-service portal that was not ended, by the digest of its cookie. The NotFound error
// does not name the digest: it comes from a request of anyone.
func (t *Tx) PortalSession(ctx context.Context, digest string) (vpn.PortalSession, error) {
	r, err := readOne[portalSessionRow](t.on(ctx).Where("ended_at = 0"), portalSessionNoun, "digest", digest)
	if err != nil {
		return vpn.PortalSession{}, withoutHash(err)
	}
	return r.session()
}

// PortalSessionOf reads a session of a user, ended or not.
func (t *Tx) PortalSessionOf(ctx context.Context, u vpn.UserRef, id vpn.PortalSessionID) (vpn.PortalSession, error) {
	r, err := readOne[portalSessionRow](ofUser(t.on(ctx), u), portalSessionNoun, "id", string(id))
	if err != nil {
		return vpn.PortalSession{}, err
	}
	return r.session()
}

// DirectoryPortalSessions lists the sessions whose users a directory proved, and that are neither ended, nor idle, nor over.
func (t *Tx) DirectoryPortalSessions(ctx context.Context, seenAfter, at time.Time) ([]vpn.PortalSession, error) {
	return readAll(t.on(ctx).Where("provider LIKE 'd-%' AND ended_at = 0 AND seen_at >= ? AND ends_at > ?", micros(seenAfter), micros(at)).Order("provider, user_key, id"), portalSessionNoun, portalSessionRow.session)
}

// CountPortalSessions counts the sessions of a user that are neither ended, nor idle, nor over.
func (t *Tx) CountPortalSessions(ctx context.Context, u vpn.UserRef, seenAfter, at time.Time) (int, error) {
	var n int64
	err := ofUser(t.on(ctx), u).Model(&portalSessionRow{}).Where("ended_at = 0 AND seen_at >= ? AND ends_at > ?", micros(seenAfter), micros(at)).Count(&n).Error
	return int(n), portalSessionNoun.read(err, "")
}

// LastPortalSignIn is when a user last began a session, of those that are kept; zero: there is none.
func (t *Tx) LastPortalSignIn(ctx context.Context, u vpn.UserRef) (time.Time, error) {
	var at []int64
	err := ofUser(t.on(ctx), u).Model(&portalSessionRow{}).Order("created_at DESC, id DESC").Limit(1).Pluck("created_at", &at).Error
	if err != nil || len(at) == 0 {
		return time.Time{}, portalSessionNoun.read(err, "")
	}
	return instant(at[0]), nil
}

// CreatePortalSession adds a session.
func (t *Tx) CreatePortalSession(ctx context.Context, s vpn.PortalSession) error {
	groups, err := encodeJSON(s.Groups)
	if err != nil {
		return err
	}
	return portalSessionNoun.wrote(t.on(ctx).Create(&portalSessionRow{
		Digest: s.Digest, ID: string(s.ID), Provider: clean(string(s.Provider)), Key: clean(s.Key), Name: clean(s.Name), Groups: clean(groups), Source: clean(s.Source), Purpose: string(s.Purpose), Endpoint: clean(string(s.Endpoint)),
		Created: micros(s.CreatedAt), Seen: micros(s.SeenAt), Ends: micros(s.EndsAt), Ended: micros(s.EndedAt), EndReason: clean(s.EndReason),
	}), "")
}

// SavePortalCookie writes what changes of a session that has another cookie. former is the digest of the one before. NotFound
// where the session has ended.
func (t *Tx) SavePortalCookie(ctx context.Context, former string, s vpn.PortalSession) error {
	g := t.on(ctx).Model(&portalSessionRow{}).Where("digest = ? AND ended_at = 0", clean(former)).
		Updates(map[string]any{"digest": s.Digest, "source": clean(s.Source), "purpose": string(s.Purpose), "seen_at": micros(s.SeenAt), "ends_at": micros(s.EndsAt)})
	return withoutHash(portalSessionNoun.wrote(g, ""))
}

// EndPortalSessionsAbove ends the sessions of a user above a number of those that are neither ended, nor idle, nor over: those that
// were not used for the longest time, at most endedAbove at once.
func (t *Tx) EndPortalSessionsAbove(ctx context.Context, number int, u vpn.UserRef, seenAfter, at time.Time, reason string) error {
	var digests []string
	q := ofUser(t.on(ctx), u).Model(&portalSessionRow{}).Where("ended_at = 0 AND seen_at >= ? AND ends_at > ?", micros(seenAfter), micros(at))
	err := q.Order("seen_at DESC, created_at DESC, id DESC").Offset(number).Limit(endedAbove).Pluck("digest", &digests).Error
	if err != nil || len(digests) == 0 {
		return portalSessionNoun.read(err, "")
	}
	return endPortal(t.on(ctx).Where("digest IN ?", digests), at, reason)
}

// endedAbove is how many sessions above a number end at once: more than a sign-in adds.
const endedAbove = 100

// TouchPortalSession writes when the session was last used.
func (t *Tx) TouchPortalSession(ctx context.Context, digest string, at time.Time) error {
	g := t.on(ctx).Model(&portalSessionRow{}).Where("digest = ? AND ended_at = 0", clean(digest)).Update("seen_at", micros(at))
	return withoutHash(portalSessionNoun.wrote(g, ""))
}

// SavePortalGroups writes the groups of the sessions of a user that were not ended.
func (t *Tx) SavePortalGroups(ctx context.Context, u vpn.UserRef, groups []vpn.Group) error {
	text, err := encodeJSON(groups)
	if err != nil {
		return err
	}
	return portalSessionNoun.read(ofUser(t.on(ctx), u).Model(&portalSessionRow{}).Where("ended_at = 0").Update("user_groups", clean(text)).Error, "")
}

// EndPortalSession ends a session. No such session, or one that has ended, is no error.
func (t *Tx) EndPortalSession(ctx context.Context, digest string, at time.Time, reason string) error {
	return endPortal(t.on(ctx).Where("digest = ?", clean(digest)), at, reason)
}

// EndPortalSessionsOf ends the sessions of users but the one with a digest; empty: all of them.
func (t *Tx) EndPortalSessionsOf(ctx context.Context, at time.Time, reason, except string, users ...vpn.UserRef) error {
	for _, u := range users {
		if err := endPortal(ofUser(t.on(ctx), u).Where("digest <> ?", clean(except)), at, reason); err != nil {
			return err
		}
	}
	return nil
}

func endPortal(q *gorm.DB, at time.Time, reason string) error {
	g := q.Model(&portalSessionRow{}).Where("ended_at = 0").Updates(map[string]any{"ended_at": micros(at), "end_reason": clean(reason)})
	return portalSessionNoun.read(g.Error, "")
}

// ofUser narrows a query of a table with the columns provider and user_key to one user of an identity provider.
func ofUser(q *gorm.DB, u vpn.UserRef) *gorm.DB {
	return q.Where("provider = ? AND user_key = ?", clean(string(u.Provider)), clean(u.Key))
}

// PurgePortalSessions deletes sessions whose absolute end was before a time, at most limit, and returns their number.
func (t *Tx) PurgePortalSessions(ctx context.Context, endedBefore time.Time, limit int) (int, error) {
	old := t.on(ctx).Model(&portalSessionRow{}).Select("digest").Where("ends_at < ?", micros(endedBefore)).Limit(limit)
	g := t.on(ctx).Where("digest IN (?)", old).Delete(&portalSessionRow{})
	return int(g.RowsAffected), portalSessionNoun.read(g.Error, "")
}
