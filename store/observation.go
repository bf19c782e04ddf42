package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

var observationNoun = noun{
	what: "observation of endpoint", code: vpn.CodeEndpointNotFound,
	dangling: "The endpoint that was observed no longer exists.",
}

type observationRow struct {
	Endpoint string `gorm:"column:endpoint_id;primaryKey"`
	Node     string `gorm:"column:node;primaryKey"`
	Applied  int64  `gorm:"column:applied"`
	Seen     int64  `gorm:"column:seen_at"`
	Faults   string `gorm:"column:faults"`
	Ways     string `gorm:"column:ways"`
}

func (observationRow) TableName() string { return "observation" }

func (r observationRow) observation() (vpn.Observation, error) {
	var d decoder
	o := vpn.Observation{Endpoint: vpn.EndpointID(r.Endpoint), Node: r.Node, Applied: uint64(r.Applied), SeenAt: instant(r.Seen)}
	d.json(r.Faults, &o.Faults)
	d.json(r.Ways, &o.Ways)
	return o, d.err
}

// Observations reads the latest report of each endpoint, of whichever node made it. The caller sets
// Fresh.
func (t *Tx) Observations(ctx context.Context, ids ...vpn.EndpointID) (map[vpn.EndpointID]vpn.Observation, error) {
	latest := make(map[vpn.EndpointID]vpn.Observation, len(ids))
	if len(ids) == 0 {
		return latest, nil
	}
	for part := range slices.Chunk(idStrings(ids), batch) {
		list, err := readAll(t.on(ctx).Where("endpoint_id IN ?", part).Order("seen_at, node"), observationNoun, observationRow.observation)
		if err != nil {
			return latest, err
		}
		for _, o := range list {
			latest[o.Endpoint] = o
		}
	}
	return latest, nil
}

// LastObservation is when the latest report of any node was stored; zero where there is none.
func (t *Tx) LastObservation(ctx context.Context) (time.Time, error) {
	var latest int64
	err := t.on(ctx).Model(&observationRow{}).Select("COALESCE(MAX(seen_at), 0)").Scan(&latest).Error
	return instant(latest), observationNoun.read(err, "")
}

// SaveObservation keeps one row for each node and endpoint. An endpoint that does not exist is
// ignored: dataplanes report a deleted one until they have forgotten it.
func (t *Tx) SaveObservation(ctx context.Context, o vpn.Observation) error {
	known, err := t.endpointExists(ctx, o.Endpoint)
	if err != nil || !known {
		return err
	}
	faults, err := encodeJSON(o.Faults)
	if err != nil {
		return err
	}
	ways, err := encodeJSON(o.Ways)
	if err != nil {
		return err
	}
	row := observationRow{Endpoint: string(o.Endpoint), Node: o.Node, Applied: int64(o.Applied), Seen: micros(o.SeenAt), Faults: faults, Ways: ways}
	g := t.on(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "endpoint_id"}, {Name: "node"}},
		DoUpdates: clause.AssignmentColumns([]string{"applied", "seen_at", "faults", "ways"}),
	}).Create(&row)
	return observationNoun.wrote(g, row.Endpoint)
}

// endpointExists tells whether the endpoint exists.
func (t *Tx) endpointExists(ctx context.Context, id vpn.EndpointID) (bool, error) {
	var n int64
	err := t.on(ctx).Model(&endpointRow{}).Where("id = ?", clean(string(id))).Count(&n).Error
	return n == 1, endpointNoun.read(err, string(id))
}
