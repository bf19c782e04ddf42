package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

var samlRequestNoun = noun{what: "SAML request", code: vpn.CodeSAMLRequestUnknown, taken: "This SAML request exists already."}

type samlRequestRow struct {
	ID       string `gorm:"column:id;primaryKey"`
	Relay    string `gorm:"column:relay"`
	Provider string `gorm:"column:provider_id"`
	Purpose  string `gorm:"column:purpose"`
	Subject  string `gorm:"column:subject"`
	Browser  string `gorm:"column:browser"`
	Result   string `gorm:"column:result"`
	Created  int64  `gorm:"column:created_at"`
	Used     int64  `gorm:"column:used_at"`
}

func (samlRequestRow) TableName() string { return "saml_request" }

func newSAMLRequestRow(r vpn.SAMLRequest) samlRequestRow {
	return samlRequestRow{
		ID: clean(r.ID), Relay: r.Relay, Provider: string(r.Provider), Purpose: string(r.Purpose), Subject: clean(r.Subject), Browser: r.Browser, Result: clean(r.Result),
		Created: micros(r.CreatedAt), Used: micros(r.UsedAt),
	}
}

func (r samlRequestRow) request() (vpn.SAMLRequest, error) {
	return vpn.SAMLRequest{
		ID: r.ID, Relay: r.Relay, Provider: vpn.SAMLProviderID(r.Provider), Purpose: vpn.SAMLPurpose(r.Purpose), Subject: r.Subject, Browser: r.Browser, Result: r.Result,
		CreatedAt: instant(r.Created), UsedAt: instant(r.Used),
	}, nil
}

// CreateSAMLRequest adds a request.
func (t *Tx) CreateSAMLRequest(ctx context.Context, r vpn.SAMLRequest) error {
	row := newSAMLRequestRow(r)
	return samlRequestNoun.wrote(t.on(ctx).Create(&row), row.ID)
}

// SaveSAMLRequest writes whether a request was answered, and what a test found.
func (t *Tx) SaveSAMLRequest(ctx context.Context, r vpn.SAMLRequest) error {
	row := newSAMLRequestRow(r)
	return samlRequestNoun.wrote(t.on(ctx).Model(&samlRequestRow{}).Where("id = ?", row.ID).Select("used_at", "result").Updates(&row), row.ID)
}

// SAMLRequestByRelay reads the request of a RelayState.
func (t *Tx) SAMLRequestByRelay(ctx context.Context, relay vpn.Secret) (vpn.SAMLRequest, error) {
	return t.samlRequestBy(ctx, "relay", vpn.TokenDigest(relay))
}

// SAMLRequest reads a request by its ID.
func (t *Tx) SAMLRequest(ctx context.Context, id string) (vpn.SAMLRequest, error) {
	return t.samlRequestBy(ctx, "id", id)
}

func (t *Tx) samlRequestBy(ctx context.Context, column, value string) (vpn.SAMLRequest, error) {
	row, err := readOne[samlRequestRow](t.on(ctx), samlRequestNoun, column, value)
	if err != nil {
		return vpn.SAMLRequest{}, err
	}
	return row.request()
}

// SAMLRequestsOf lists the requests for a subject, the newest first.
func (t *Tx) SAMLRequestsOf(ctx context.Context, subject string) ([]vpn.SAMLRequest, error) {
	return readAll(t.on(ctx).Where("subject = ?", clean(subject)).Order("created_at DESC, id"), samlRequestNoun, samlRequestRow.request)
}

// WithSAMLRequests gives those of the subjects that have a request.
func (t *Tx) WithSAMLRequests(ctx context.Context, subjects ...string) (map[string]bool, error) {
	var found []string
	err := t.on(ctx).Model(&samlRequestRow{}).Distinct("subject").Where("subject IN ?", subjects).Pluck("subject", &found).Error
	out := make(map[string]bool, len(found))
	for _, s := range found {
		out[s] = true
	}
	return out, samlRequestNoun.read(err, "")
}

// waitingSAMLRequest is in the words of two indexes.
const waitingSAMLRequest = "used_at = 0"

// WaitingSAMLRequests counts the requests of a purpose that are not answered: all, and those for a subject.
func (t *Tx) WaitingSAMLRequests(ctx context.Context, purpose vpn.SAMLPurpose, subject string) (all, ofSubject int, err error) {
	for _, c := range []struct {
		column, value string
		to            *int
	}{{"purpose", string(purpose), &all}, {"subject", clean(subject), &ofSubject}} {
		var n int64
		if err := t.on(ctx).Model(&samlRequestRow{}).Where(waitingSAMLRequest).Where(c.column+" = ?", c.value).Count(&n).Error; err != nil {
			return 0, 0, samlRequestNoun.read(err, "")
		}
		*c.to = int(n)
	}
	return all, ofSubject, nil
}

// DropSAMLRequest deletes the oldest request of a purpose that is not answered.
func (t *Tx) DropSAMLRequest(ctx context.Context, purpose vpn.SAMLPurpose) error {
	return t.dropSAMLRequest(ctx, t.on(ctx).Where("purpose = ?", string(purpose)).Order("created_at"))
}

// DropSAMLRequestOf deletes the oldest request for a subject that is not answered: of the browser, where it has one.
func (t *Tx) DropSAMLRequestOf(ctx context.Context, subject, browser string) error {
	order := clause.OrderBy{Expression: clause.Expr{SQL: "CASE WHEN browser = ? THEN 0 ELSE 1 END, created_at", Vars: []any{browser}}}
	return t.dropSAMLRequest(ctx, t.on(ctx).Where("subject = ?", clean(subject)).Clauses(order))
}

func (t *Tx) dropSAMLRequest(ctx context.Context, in *gorm.DB) error {
	oldest := in.Model(&samlRequestRow{}).Select("id").Where(waitingSAMLRequest).Limit(1)
	return samlRequestNoun.read(t.on(ctx).Where("id IN (?)", oldest).Delete(&samlRequestRow{}).Error, "")
}

// PurgeSAMLRequests deletes the requests that were made before a time, at most limit, and returns their number.
func (t *Tx) PurgeSAMLRequests(ctx context.Context, before time.Time, limit int) (int, error) {
	old := t.on(ctx).Model(&samlRequestRow{}).Select("id").Where("created_at < ?", micros(before)).Limit(limit)
	g := t.on(ctx).Where("id IN (?)", old).Delete(&samlRequestRow{})
	return int(g.RowsAffected), samlRequestNoun.read(g.Error, "")
}

// PurgeSAMLRequestsWithoutResult is PurgeSAMLRequests of those that are no test, or whose test found nothing.
func (t *Tx) PurgeSAMLRequestsWithoutResult(ctx context.Context, before time.Time, limit int) (int, error) {
	old := t.on(ctx).Model(&samlRequestRow{}).Select("id").Where("created_at < ? AND result = ''", micros(before)).Limit(limit)
	g := t.on(ctx).Where("id IN (?)", old).Delete(&samlRequestRow{})
	return int(g.RowsAffected), samlRequestNoun.read(g.Error, "")
}

type samlAssertionRow struct {
	Provider  string `gorm:"column:provider_id;primaryKey"`
	Assertion string `gorm:"column:assertion;primaryKey"`
	Expires   int64  `gorm:"column:expires_at"`
}

func (samlAssertionRow) TableName() string { return "saml_assertion" }

// UseSAMLAssertion notes that an assertion was used, by its ID. It is false where it was used before.
func (t *Tx) UseSAMLAssertion(ctx context.Context, provider vpn.SAMLProviderID, id string, expires time.Time) (bool, error) {
	row := samlAssertionRow{Provider: string(provider), Assertion: vpn.TokenDigest(vpn.Secret(id)), Expires: micros(expires)}
	g := t.on(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	return g.RowsAffected == 1, samlRequestNoun.read(g.Error, "")
}

// PurgeSAMLAssertions deletes the assertions that expired before a time, at most limit, and returns their number.
func (t *Tx) PurgeSAMLAssertions(ctx context.Context, before time.Time, limit int) (int, error) {
	old := t.on(ctx).Model(&samlAssertionRow{}).Select("assertion").Where("expires_at < ?", micros(before)).Limit(limit)
	g := t.on(ctx).Where("assertion IN (?) AND expires_at < ?", old, micros(before)).Delete(&samlAssertionRow{})
	return int(g.RowsAffected), samlRequestNoun.read(g.Error, "")
}
