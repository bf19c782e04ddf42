package store

import (
	"context"
	"time"

	"sallyport/vpn"
)

// keptAttempts is the number of refused attempts that an endpoint keeps: any client can cause them.
const keptAttempts = 1000

var attemptNoun = noun{
	what: "refused attempt", code: vpn.CodeEndpointNotFound,
	dangling: "The endpoint of this attempt no longer exists.",
}

type attemptRow struct {
	Number     int64  `gorm:"column:number;primaryKey;autoIncrement"`
	Endpoint   string `gorm:"column:endpoint_id"`
	Device     string `gorm:"column:device"`
	CommonName string `gorm:"column:common_name"`
	Reason     string `gorm:"column:reason"`
	At         int64  `gorm:"column:at"`
}

func (attemptRow) TableName() string { return "attempt" }

func (r attemptRow) attempt() (vpn.Attempt, error) {
	var d decoder
	return vpn.Attempt{
		RefusedAttempt: vpn.RefusedAttempt{
			Endpoint: vpn.EndpointID(r.Endpoint), Device: d.addrPort(r.Device), CommonName: r.CommonName, Reason: r.Reason,
		},
		At: instant(r.At),
	}, d.err
}

// CreateAttempt adds a refused attempt and keeps the newest 1,000 of its endpoint. An endpoint that
// does not exist is ignored: events outlive endpoints.
func (t *Tx) CreateAttempt(ctx context.Context, a vpn.RefusedAttempt, at time.Time) error {
	known, err := t.endpointExists(ctx, a.Endpoint)
	if err != nil || !known {
		return err
	}
	row := attemptRow{
		Endpoint: string(a.Endpoint), Device: marshalText(a.Device), CommonName: clean(a.CommonName), Reason: clean(a.Reason), At: micros(at),
	}
	if err := attemptNoun.wrote(t.on(ctx).Create(&row), row.Endpoint); err != nil {
		return err
	}
	old := t.on(ctx).Model(&attemptRow{}).Select("number").Where("endpoint_id = ?", row.Endpoint).
		Order("at DESC, number DESC").Offset(keptAttempts)
	return attemptNoun.read(t.on(ctx).Where("number IN (?)", old).Delete(&attemptRow{}).Error, row.Endpoint)
}

// Attempts lists the refused attempts of an endpoint, newest first, at most limit.
func (t *Tx) Attempts(ctx context.Context, id vpn.EndpointID, limit int) ([]vpn.Attempt, error) {
	q := t.on(ctx).Where("endpoint_id = ?", clean(string(id))).Order("at DESC, number DESC").Limit(max(limit, 0))
	return readAll(q, attemptNoun, attemptRow.attempt)
}
