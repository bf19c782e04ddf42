package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

// ended is, word for word, the condition of the indexes of the ended connections. It says <> and not >, which SQLite
// would take for a range of an index that it prefers to the right one.
const ended = "status = 'terminated' AND established_at <> 0"

var endedList = longListing[connectionRow]{
	orders: map[string]keyColumn[connectionRow]{
		"established_at": {"established_at", func(r connectionRow) any { return r.Established }},
		"ended_at":       {"ended_at", func(r connectionRow) any { return r.Ended }},
		"username":       {"username_key", func(r connectionRow) any { return r.UsernameKey }},
		"client_ip":      {"client_ip_number", func(r connectionRow) any { return r.ClientNumber }},
	},
	normal: "ended_at", number: func(r connectionRow) int64 { return r.Number },
}

// EndedConnections lists the connections of one endpoint that were established and have ended; searches user, and
// client IP, device and ID from their beginnings; sorts by ended_at (default, newest first), established_at,
// username and client_ip. An empty id lists those of every endpoint. It is a long list.
func (t *Tx) EndedConnections(ctx context.Context, id vpn.EndpointID, l vpn.List) (vpn.Page[vpn.Connection], error) {
	q := t.ofEndpoint(ctx, id).Where(ended)
	if term := fold(strings.TrimSpace(l.Search)); term != "" {
		var err error
		if q, err = t.searchEnded(ctx, id, term); err != nil {
			return vpn.Page[vpn.Connection]{}, err
		}
	}
	rows, err := readLong(q, l, endedList, connectionNoun)
	if err != nil {
		return vpn.Page[vpn.Connection]{}, err
	}
	list, err := t.withCounters(ctx, rows.Items)
	page := vpn.MapPage(rows, func(connectionRow) vpn.Connection { return vpn.Connection{} })
	page.Items = list
	return page, err
}

// CountEnded counts the connections that EndedConnections lists, at most maxCounted, and tells whether there are more.
func (t *Tx) CountEnded(ctx context.Context, id vpn.EndpointID) (int, bool, error) {
	return countSome(t.ofEndpoint(ctx, id).Model(&connectionRow{}).Where(ended), connectionNoun)
}

// nameRow is the user name of ended connections. A search looks at each name once, not at each connection.
type nameRow struct {
	Name string `gorm:"column:name;primaryKey"`
}

func (nameRow) TableName() string { return "connection_name" }

func (t *Tx) saveEndedName(ctx context.Context, c vpn.Connection) error {
	if c.Status != vpn.ConnectionTerminated {
		return nil
	}
	row := nameRow{Name: fold(c.Username)}
	return connectionNoun.read(t.on(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error, "")
}

// PurgeConnections deletes connections that ended before the given time, at most limit, and returns their
// number.
func (t *Tx) PurgeConnections(ctx context.Context, endedBefore time.Time, limit int) (int, error) {
	before := micros(endedBefore)
	var old []connectionRow
	err := t.on(ctx).Select("number", "username_key").Where("("+ended+" AND ended_at < ?) OR (status = 'terminated' AND established_at = 0 AND created_at < ?)", before, before).
		Limit(limit).Find(&old).Error
	if err != nil || len(old) == 0 {
		return 0, connectionNoun.read(err, "")
	}
	numbers, names := make([]int64, len(old)), map[string]bool{}
	for i, r := range old {
		numbers[i], names[r.UsernameKey] = r.Number, true
	}
	g := t.on(ctx).Where("number IN " + numberList(numbers)).Delete(&connectionRow{})
	if g.Error != nil {
		return 0, connectionNoun.read(g.Error, "")
	}
	return int(g.RowsAffected), t.purgeNames(ctx, names)
}

// purgeNames deletes the names that no ended connection has any more.
func (t *Tx) purgeNames(ctx context.Context, names map[string]bool) error {
	for name := range names {
		other := t.on(ctx).Model(&connectionRow{}).Select("1").Where(ended+" AND username_key = ?", name)
		g := t.on(ctx).Where("name = ? AND NOT EXISTS (?)", name, other).Delete(&nameRow{})
		if g.Error != nil {
			return connectionNoun.read(g.Error, "")
		}
	}
	return nil
}
