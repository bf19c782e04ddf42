package store

import (
	"context"
	"encoding/json"
	"slices"

	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

// ConnectionsByID reads connections with their counters; unknown ones are absent.
func (t *Tx) ConnectionsByID(ctx context.Context, ids ...vpn.ConnectionID) (map[vpn.ConnectionID]vpn.Connection, error) {
	found := make(map[vpn.ConnectionID]vpn.Connection, len(ids))
	for part := range slices.Chunk(slices.DeleteFunc(idStrings(ids), func(id string) bool { return !isStorable(id) }), batch) {
		rows, err := readAll(t.on(ctx).Where("id IN ?", part), connectionNoun, sameRow[connectionRow])
		if err != nil {
			return nil, err
		}
		list, err := t.withCounters(ctx, rows)
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			found[c.ID] = c
		}
	}
	return found, nil
}

// SaveConnectionStates writes what changes in the life of connections: the status, the association, both addresses, the times,
// the reason of the end, and the counters. A connection that does not exist is left out. All of them travel as one JSON text,
// as in SaveCounters.
func (t *Tx) SaveConnectionStates(ctx context.Context, cs ...vpn.Connection) error {
	if len(cs) == 0 {
		return nil
	}
	states := make([][11]any, len(cs))
	var counts [][6]any
	names := map[string]bool{}
	for i, c := range cs {
		r := newConnectionRow(c)
		states[i] = [...]any{r.ID, r.Status, r.Association, r.ClientIP, r.Device, r.EndReason, r.Search, r.ClientNumber, r.Established, r.Away, r.Ended}
		if hasCounters(c) {
			counts = append(counts, countedRow(c.ID, c.Counters, c.CountedAt))
		}
		if c.Status == vpn.ConnectionTerminated {
			names[fold(c.Username)] = true
		}
	}
	text, err := json.Marshal(states)
	if err != nil {
		return err
	}
	statement := `UPDATE connection SET status = e.value ->> 1, association_id = e.value ->> 2, client_ip = e.value ->> 3, device = e.value ->> 4,
	end_reason = e.value ->> 5, search = e.value ->> 6, client_ip_number = CAST(e.value ->> 7 AS BIGINT), established_at = CAST(e.value ->> 8 AS BIGINT),
	away_at = CAST(e.value ->> 9 AS BIGINT), ended_at = CAST(e.value ->> 10 AS BIGINT)
FROM ` + t.store.dialect.elements + ` WHERE connection.id = e.value ->> 0`
	if err := t.on(ctx).Exec(statement, string(text)).Error; err != nil {
		return connectionNoun.read(err, "")
	}
	if err := t.saveCountedRows(ctx, counts, "1 = 1"); err != nil {
		return err
	}
	return t.saveEndedNames(ctx, names)
}

func (t *Tx) saveEndedNames(ctx context.Context, names map[string]bool) error {
	if len(names) == 0 {
		return nil
	}
	rows := make([]nameRow, 0, len(names))
	for name := range names {
		rows = append(rows, nameRow{Name: name})
	}
	return connectionNoun.read(t.on(ctx).Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(&rows, batch).Error, "")
}
