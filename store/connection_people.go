package store

import (
	"context"
	"time"

	"sallyport/vpn"
)

// CountPeople counts who is connected to the endpoints now: distinct users, and their connections. Those that are away
// do not count. With a time, only those count whose VPN session began before it.
func (t *Tx) CountPeople(ctx context.Context, before time.Time, ids ...vpn.EndpointID) (people, connections int, err error) {
	if len(ids) == 0 {
		return 0, 0, nil
	}
	q := t.on(ctx).Model(&connectionRow{}).Where(live+" AND endpoint_id IN ? AND status IN ?", idStrings(ids), carrying)
	if !before.IsZero() {
		begun := "SELECT started_at FROM vpn_session WHERE vpn_session.id = connection.session_id"
		q = q.Where("COALESCE(("+begun+"), established_at) < ?", micros(before))
	}
	var row struct {
		People      int64 `gorm:"column:people"`
		Connections int64 `gorm:"column:connections"`
	}
	err = q.Select("COUNT(DISTINCT username) AS people, COUNT(*) AS connections").Take(&row).Error
	return int(row.People), int(row.Connections), connectionNoun.read(err, string(ids[0]))
}
