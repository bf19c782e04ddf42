package store

import (
	"context"
	"time"

	"sallyport/vpn"
)

var userReportNoun = noun{what: "report", code: vpn.CodeUserReportNotFound, taken: "This report exists already."}

type userReportRow struct {
	ID             string `gorm:"column:id;primaryKey"`
	Provider       string `gorm:"column:provider"`
	Key            string `gorm:"column:user_key"`
	Name           string `gorm:"column:name"`
	Subject        string `gorm:"column:subject"`
	Text           string `gorm:"column:text"`
	Source         string `gorm:"column:source"`
	At             int64  `gorm:"column:at"`
	Acknowledged   int64  `gorm:"column:acknowledged_at"`
	AcknowledgedBy string `gorm:"column:acknowledged_by"`
}

func (userReportRow) TableName() string { return "user_report" }

func newUserReportRow(r vpn.UserReport) userReportRow {
	return userReportRow{
		ID: string(r.ID), Provider: clean(string(r.Provider)), Key: clean(r.Key), Name: clean(r.Name), Subject: clean(r.Subject), Text: clean(r.Text), Source: clean(r.Source),
		At: micros(r.At), Acknowledged: micros(r.AcknowledgedAt), AcknowledgedBy: clean(r.AcknowledgedBy),
	}
}

func (r userReportRow) report() (vpn.UserReport, error) {
	return vpn.UserReport{
		ID: vpn.UserReportID(r.ID), UserRef: vpn.UserRef{Provider: vpn.ProviderID(r.Provider), Key: r.Key}, Name: r.Name, Subject: r.Subject, Text: r.Text, Source: r.Source,
		At: instant(r.At), AcknowledgedAt: instant(r.Acknowledged), AcknowledgedBy: r.AcknowledgedBy,
	}, nil
}

// UserReport reads one report.
func (t *Tx) UserReport(ctx context.Context, id vpn.UserReportID) (vpn.UserReport, error) {
	row, err := readOne[userReportRow](t.on(ctx), userReportNoun, "id", string(id))
	if err != nil {
		return vpn.UserReport{}, err
	}
	return row.report()
}

// CreateUserReport adds a report.
func (t *Tx) CreateUserReport(ctx context.Context, r vpn.UserReport) error {
	row := newUserReportRow(r)
	return userReportNoun.wrote(t.on(ctx).Create(&row), row.ID)
}

// SaveUserReport writes whether the report was acknowledged.
func (t *Tx) SaveUserReport(ctx context.Context, r vpn.UserReport) error {
	row := newUserReportRow(r)
	return userReportNoun.wrote(t.on(ctx).Model(&userReportRow{}).Where("id = ?", row.ID).Select("acknowledged_at", "acknowledged_by").Updates(&row), row.ID)
}

// OpenUserReports lists the reports that no administrator has acknowledged, the newest first, at most limit.
func (t *Tx) OpenUserReports(ctx context.Context, limit int) ([]vpn.UserReport, error) {
	return readAll(t.on(ctx).Where("acknowledged_at = 0").Order("at DESC").Limit(limit), userReportNoun, userReportRow.report)
}

// UserReportsOf lists the reports of a user, the newest first, at most limit.
func (t *Tx) UserReportsOf(ctx context.Context, u vpn.UserRef, limit int) ([]vpn.UserReport, error) {
	return readAll(ofUser(t.on(ctx), u).Order("at DESC").Limit(limit), userReportNoun, userReportRow.report)
}

// PurgeUserReports deletes reports that were acknowledged before a time, at most limit, and returns their number.
func (t *Tx) PurgeUserReports(ctx context.Context, before time.Time, limit int) (int, error) {
	old := t.on(ctx).Model(&userReportRow{}).Select("id").Where("acknowledged_at <> 0 AND acknowledged_at < ?", micros(before)).Limit(limit)
	g := t.on(ctx).Where("id IN (?)", old).Delete(&userReportRow{})
	return int(g.RowsAffected), userReportNoun.read(g.Error, "")
}
