package store

import (
	"context"

	"sallyport/control"
)

var auditNoun = noun{what: "audit record", taken: "This audit record exists already."}

type auditRow struct {
	ID      int64  `gorm:"column:id;primaryKey;autoIncrement"`
	At      int64  `gorm:"column:at"`
	Actor   string `gorm:"column:actor"`
	Source  string `gorm:"column:source"`
	Request string `gorm:"column:request"`
	Action  string `gorm:"column:action"`
	Subject string `gorm:"column:subject"`
	Result  string `gorm:"column:result"`
	Search  string `gorm:"column:search"`
	Before  string `gorm:"column:before"`
	After   string `gorm:"column:after"`
}

func (auditRow) TableName() string { return "audit" }

func (r auditRow) record() (control.AuditRecord, error) {
	return control.AuditRecord{
		ID: r.ID, At: instant(r.At), Actor: r.Actor, Source: r.Source, Request: r.Request, Action: r.Action,
		Subject: r.Subject, Before: r.Before, After: r.After, Result: r.Result,
	}, nil
}

// Audit gives the record its number; one that r has is ignored.
func (t *tx) Audit(ctx context.Context, r control.AuditRecord) error {
	row := auditRow{
		At: micros(r.At), Actor: bounded(r.Actor), Source: clean(r.Source), Request: clean(r.Request), Action: bounded(r.Action),
		Subject: bounded(r.Subject), Result: clean(r.Result), Before: clean(r.Before), After: clean(r.After),
	}
	// Of the bounded ones: the subject of a refused request is as long as its sender likes.
	row.Search = searchable(row.Actor, row.Source, row.Action, row.Subject, row.Result)
	return auditNoun.wrote(t.on(ctx).Create(&row), "")
}

var auditList = listing{
	orders: map[string][]string{"at": {"at"}},
	normal: "at", newest: true, tie: "id",
	filters: map[string]string{"action": "action", "actor": "actor", "subject": "subject"},
}

// AuditRecords also searches actor, source, action, subject and result.
func (t *tx) AuditRecords(ctx context.Context, l control.List) (control.Page[control.AuditRecord], error) {
	return paged(t.on(ctx), l, auditList, auditNoun, auditRow.record)
}
