package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"sallyport/vpn"
)

// Any client can cause refused attempts, so the rows of an endpoint are bounded: the newest are kept, of
// each source, of the self-service portal, which any host reaches without a key, and of all.
const (
	keptAttempts = 1000
	keptOfPortal = 500
	keptOfSource = 50
)

var attemptNoun = noun{
	what: "refused attempt", code: vpn.CodeEndpointNotFound,
	dangling: "The endpoint of this attempt no longer exists.",
}

// attemptRow is the attempts of one source with one common name, one user name and one reason.
type attemptRow struct {
	Number          int64  `gorm:"column:number;primaryKey;autoIncrement"`
	Endpoint        string `gorm:"column:endpoint_id"`
	Source          string `gorm:"column:source"`
	Device          string `gorm:"column:device"`
	CommonName      string `gorm:"column:common_name"`
	Username        string `gorm:"column:username"`
	Code            string `gorm:"column:code"`
	Reason          string `gorm:"column:reason"`
	Reference       string `gorm:"column:reference"`
	Unauthenticated bool   `gorm:"column:unauthenticated"`
	Count           int    `gorm:"column:attempts"`
	First           int64  `gorm:"column:first_at"`
	At              int64  `gorm:"column:at"`
	Provider        string `gorm:"column:user_provider"`
	UserKey         string `gorm:"column:user_key"`
	Portal          bool   `gorm:"column:portal"`
}

func (attemptRow) TableName() string { return "attempt" }

func (r attemptRow) attempt() (vpn.Attempt, error) {
	var d decoder
	return vpn.Attempt{
		Number: r.Number,
		RefusedAttempt: vpn.RefusedAttempt{
			Endpoint: vpn.EndpointID(r.Endpoint), Device: d.addrPort(r.Device), CommonName: r.CommonName, Username: r.Username, Code: vpn.Code(r.Code), Reason: r.Reason, Reference: r.Reference,
			Count: r.Count, Unauthenticated: r.Unauthenticated, User: vpn.UserRef{Provider: vpn.ProviderID(r.Provider), Key: r.UserKey}, Portal: r.Portal,
		},
		First: instant(r.First), At: instant(r.At),
	}, d.err
}

// CreateAttempt adds a refused attempt: to the row of its source, common name, user name, user and reason where
// there is one. An endpoint that does not exist is ignored: events outlive endpoints.
func (t *Tx) CreateAttempt(ctx context.Context, a vpn.RefusedAttempt, at time.Time) error {
	known, err := t.endpointExists(ctx, a.Endpoint)
	if err != nil || !known {
		return err
	}
	row := attemptRow{
		Endpoint: string(a.Endpoint), Source: a.Source(), Device: marshalText(a.Device), CommonName: clean(a.CommonName), Username: clean(a.Username), Code: clean(string(a.Code)), Reason: clean(a.Reason), Reference: clean(a.Reference),
		Unauthenticated: a.Unauthenticated, Count: max(a.Count, 1), First: micros(at), At: micros(at),
		Provider: clean(string(a.User.Provider)), UserKey: clean(a.User.Key), Portal: a.Portal,
	}
	var same attemptRow
	err = t.on(ctx).Where("endpoint_id = ? AND source = ? AND common_name = ? AND username = ? AND reason = ? AND user_provider = ? AND user_key = ? AND portal = ?",
		row.Endpoint, row.Source, row.CommonName, row.Username, row.Reason, row.Provider, row.UserKey, row.Portal).
		Order("number DESC").Limit(1).Take(&same).Error
	switch {
	case err == nil:
		row.Number, row.Count, row.First, row.At = same.Number, same.Count+row.Count, same.First, max(same.At, row.At)
		return attemptNoun.wrote(t.on(ctx).Model(&attemptRow{}).Where("number = ?", row.Number).Select("device", "code", "reference", "attempts", "at").Updates(&row), row.Endpoint)
	case !errors.Is(err, gorm.ErrRecordNotFound):
		return attemptNoun.read(err, row.Endpoint)
	}
	if err := attemptNoun.wrote(t.on(ctx).Create(&row), row.Endpoint); err != nil {
		return err
	}
	return t.boundAttempts(ctx, row)
}

// boundAttempts deletes what is too much after a row was added.
func (t *Tx) boundAttempts(ctx context.Context, added attemptRow) error {
	for _, of := range []struct {
		kept      int
		condition []any // empty: all of the endpoint
	}{{keptOfSource, []any{"source = ?", added.Source}}, {keptOfPortal, []any{"portal = ?", true}}, {keptAttempts, nil}} {
		if of.kept == keptOfPortal && !added.Portal {
			continue
		}
		old := t.on(ctx).Model(&attemptRow{}).Select("number").Where("endpoint_id = ?", added.Endpoint)
		if of.condition != nil {
			old = old.Where(of.condition[0], of.condition[1:]...)
		}
		old = old.Order("at DESC, number DESC").Limit(keptAttempts).Offset(of.kept)
		if err := t.on(ctx).Where("number IN (?)", old).Delete(&attemptRow{}).Error; err != nil {
			return attemptNoun.read(err, added.Endpoint)
		}
	}
	return nil
}

// Attempts lists the refused attempts of an endpoint, the newest first, at most limit rows; of every
// endpoint where id is empty.
func (t *Tx) Attempts(ctx context.Context, id vpn.EndpointID, limit int) ([]vpn.Attempt, error) {
	q := t.on(ctx)
	if id != "" {
		q = q.Where("endpoint_id = ?", clean(string(id)))
	}
	q = q.Order("at DESC, number DESC").Limit(max(limit, 0))
	return readAll(q, attemptNoun, attemptRow.attempt)
}

var attemptList = longListing[attemptRow]{
	orders: map[string]keyColumn[attemptRow]{"at": {"at", func(r attemptRow) any { return r.At }}},
	normal: "at", number: func(r attemptRow) int64 { return r.Number },
}

// AllAttempts lists the refused attempts of every endpoint; searches common name, user name, device address, code, reason and reference;
// sorts by at (default, newest first); filters by code. It is a long list.
func (t *Tx) AllAttempts(ctx context.Context, l vpn.List) (vpn.Page[vpn.Attempt], error) {
	q := t.on(ctx)
	if code := l.Filter["code"]; code != "" {
		q = q.Where("code = ?", clean(code))
	}
	if term := fold(strings.TrimSpace(l.Search)); term != "" {
		q = q.Where(`lower(common_name || ' ' || username || ' ' || device || ' ' || code || ' ' || reason || ' ' || reference) LIKE ? ESCAPE '\'`, "%"+escapeLike(term)+"%")
	}
	rows, err := readLong(q, l, attemptList, attemptNoun)
	if err != nil {
		return vpn.Page[vpn.Attempt]{}, err
	}
	list, err := mapRows(rows.Items, attemptNoun, attemptRow.attempt)
	page := vpn.MapPage(rows, func(attemptRow) vpn.Attempt { return vpn.Attempt{} })
	page.Items = list
	return page, err
}

// CountAttempts counts the refused attempts of an endpoint, or of every endpoint where id is empty: at most
// maxCounted, and whether there are more.
func (t *Tx) CountAttempts(ctx context.Context, id vpn.EndpointID) (int, bool, error) {
	return countSome(t.ofEndpoint(ctx, id).Model(&attemptRow{}), attemptNoun)
}

// AttemptCodes counts the newest refused attempts of every endpoint by their code, at most maxCounted of them.
func (t *Tx) AttemptCodes(ctx context.Context) (map[vpn.Code]int, error) {
	var rows []struct {
		Code string `gorm:"column:code"`
		N    int    `gorm:"column:n"`
	}
	newest := t.on(ctx).Model(&attemptRow{}).Select("code").Order("at DESC, number DESC").Limit(maxCounted)
	err := t.on(ctx).Table("(?) AS newest", newest).Select("code, count(*) AS n").Group("code").Find(&rows).Error
	out := make(map[vpn.Code]int, len(rows))
	for _, r := range rows {
		out[vpn.Code(r.Code)] = r.N
	}
	return out, attemptNoun.read(err, "")
}

// PurgeAttempts deletes attempts of which the last was before the given time, at most limit rows, and
// returns their number.
func (t *Tx) PurgeAttempts(ctx context.Context, before time.Time, limit int) (int, error) {
	old := t.on(ctx).Model(&attemptRow{}).Select("number").Where("at < ?", micros(before)).Limit(limit)
	g := t.on(ctx).Where("number IN (?)", old).Delete(&attemptRow{})
	return int(g.RowsAffected), attemptNoun.read(g.Error, "")
}
