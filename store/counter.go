package store

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

type counterRow struct {
	Number     int64 `gorm:"column:number;primaryKey;autoIncrement:false"`
	BytesIn    int64 `gorm:"column:bytes_in"`
	PacketsIn  int64 `gorm:"column:packets_in"`
	BytesOut   int64 `gorm:"column:bytes_out"`
	PacketsOut int64 `gorm:"column:packets_out"`
	Counted    int64 `gorm:"column:counted_at"`
}

func (counterRow) TableName() string { return "connection_counter" }

func newCounterRow(number int64, c vpn.Counters, at time.Time) counterRow {
	return counterRow{
		Number: number, BytesIn: int64(c.BytesIn), PacketsIn: int64(c.PacketsIn),
		BytesOut: int64(c.BytesOut), PacketsOut: int64(c.PacketsOut), Counted: micros(at),
	}
}

func (r counterRow) counters() vpn.Counters {
	return vpn.Counters{
		BytesIn: uint64(r.BytesIn), PacketsIn: uint64(r.PacketsIn), BytesOut: uint64(r.BytesOut), PacketsOut: uint64(r.PacketsOut),
	}
}

// withCounters makes connections of rows with their counters.
func (t *Tx) withCounters(ctx context.Context, rows []connectionRow) ([]vpn.Connection, error) {
	list, err := mapRows(rows, connectionNoun, connectionRow.connection)
	if err != nil {
		return nil, err
	}
	at := make(map[int64]*vpn.Connection, len(rows))
	for i, r := range rows {
		at[r.Number] = &list[i]
	}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(at)), batch) {
		var counters []counterRow
		if err := t.on(ctx).Where("number IN ?", part).Find(&counters).Error; err != nil {
			return nil, connectionNoun.read(err, "")
		}
		for _, r := range counters {
			c := at[r.Number]
			c.Counters, c.CountedAt = r.counters(), instant(r.Counted)
		}
	}
	return list, nil
}

// hasCounters tells whether a connection has counters; one without has no row.
func hasCounters(c vpn.Connection) bool {
	return c.Counters != (vpn.Counters{}) || !c.CountedAt.IsZero()
}

func (t *Tx) saveCounter(ctx context.Context, number int64, c vpn.Connection) error {
	if !hasCounters(c) {
		return nil
	}
	row := newCounterRow(number, c.Counters, c.CountedAt)
	return connectionNoun.wrote(upsertCounters(t.on(ctx)).Create(&row), string(c.ID))
}

// SaveCounters writes counters into their narrow table. Connections that do not exist or have ended
// are left out: their counters are final. All of them travel as one JSON text and are written by
// one statement: given one by one, thousands of parameters took longer than the writing.
func (t *Tx) SaveCounters(ctx context.Context, counts map[vpn.ConnectionID]vpn.Counters, at time.Time) error {
	list := make([][6]any, 0, len(counts))
	for id, c := range counts {
		if !isStorable(string(id)) {
			continue // no such connection; PostgreSQL would refuse the whole statement
		}
		list = append(list, countedRow(id, c, at))
	}
	return t.saveCountedRows(ctx, list, "c."+live)
}

// countedRow is a connection with its counters for saveCountedRows.
func countedRow(id vpn.ConnectionID, c vpn.Counters, at time.Time) [6]any {
	return [...]any{id, int64(c.BytesIn), int64(c.PacketsIn), int64(c.BytesOut), int64(c.PacketsOut), micros(at)}
}

// saveCountedRows writes the counters of the connections, c, that fulfil a condition.
func (t *Tx) saveCountedRows(ctx context.Context, list [][6]any, condition string) error {
	if len(list) == 0 {
		return nil
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	// In one order, so that two transactions cannot deadlock.
	statement := `INSERT INTO connection_counter (number, bytes_in, packets_in, bytes_out, packets_out, counted_at)
SELECT c.number, CAST(e.value ->> 1 AS BIGINT), CAST(e.value ->> 2 AS BIGINT), CAST(e.value ->> 3 AS BIGINT), CAST(e.value ->> 4 AS BIGINT), CAST(e.value ->> 5 AS BIGINT)
FROM ` + t.store.dialect.elements + ` JOIN connection AS c ON c.id = e.value ->> 0
WHERE ` + condition + ` ORDER BY c.number
ON CONFLICT (number) DO UPDATE SET bytes_in = excluded.bytes_in, packets_in = excluded.packets_in,
	bytes_out = excluded.bytes_out, packets_out = excluded.packets_out, counted_at = excluded.counted_at`
	return connectionNoun.read(t.on(ctx).Exec(statement, string(text)).Error, "")
}

func upsertCounters(q *gorm.DB) *gorm.DB {
	return q.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "number"}},
		DoUpdates: clause.AssignmentColumns([]string{"bytes_in", "packets_in", "bytes_out", "packets_out", "counted_at"}),
	})
}
