package store

import (
	"context"
	"time"

	"sallyport/vpn"
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

func (r auditRow) record() (vpn.AuditRecord, error) {
	return vpn.AuditRecord{
		ID: r.ID, At: instant(r.At), Actor: r.Actor, Source: r.Source, Request: r.Request, Action: vpn.Action(r.Action),
		Subject: r.Subject, Before: r.Before, After: r.After, Result: r.Result,
	}, nil
}

// Audit adds a record to the audit trail and numbers it; an ID that r has is ignored.
func (t *Tx) Audit(ctx context.Context, r vpn.AuditRecord) error {
	row := auditRow{
		At: micros(r.At), Actor: bounded(r.Actor), Source: clean(r.Source), Request: clean(r.Request), Action: bounded(string(r.Action)),
		Subject: bounded(r.Subject), Result: clean(r.Result), Before: clean(r.Before), After: clean(r.After),
	}
	// Of the bounded columns: the subject of a refused request may have any length.
	row.Search = searchable(row.Actor, row.Source, row.Action, row.Subject, row.Result)
	return auditNoun.wrote(t.on(ctx).Create(&row), "")
}

var auditList = listing{
	orders: map[string][]string{"at": {"at"}},
	normal: "at", newest: true, tie: "id",
	filters: map[string]string{"action": "action", "actor": "actor", "subject": "subject"},
}

// AuditRecords lists the audit trail, newest first; searches actor, source, action, subject and
// result; filters by action, actor and subject.
func (t *Tx) AuditRecords(ctx context.Context, l vpn.List) (vpn.Page[vpn.AuditRecord], error) {
	return readPage(t.on(ctx), l, auditList, auditNoun, auditRow.record)
}

// CountAudited counts the records of an action for each of the subjects; those without any are absent.
func (t *Tx) CountAudited(ctx context.Context, action vpn.Action, subjects ...string) (map[string]int, error) {
	return countRows(t.on(ctx).Model(&auditRow{}).Where("action = ?", string(action)), auditNoun, "subject", subjects)
}

// PurgeAudit deletes the oldest records of refusals from before the one time, and of changes from before
// the other, at most limit of each, and returns their number. A zero time keeps all.
func (t *Tx) PurgeAudit(ctx context.Context, refusals, changes time.Time, limit int) (int, error) {
	deleted := 0
	for condition, before := range map[string]time.Time{"result <> 'ok'": refusals, "result = 'ok'": changes} {
		if before.IsZero() {
			continue
		}
		old := t.on(ctx).Model(&auditRow{}).Select("id").Where("at < ? AND "+condition, micros(before)).Order("at, id").Limit(limit)
		g := t.on(ctx).Where("id IN (?)", old).Delete(&auditRow{})
		if g.Error != nil {
			return deleted, auditNoun.read(g.Error, "")
		}
		deleted += int(g.RowsAffected)
	}
	return deleted, nil
}
