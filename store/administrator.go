package store

import (
	"context"
	"time"

	"sallyport/vpn"
)

var administratorNoun = noun{
	what: "administrator", code: vpn.CodeAdministratorNotFound,
	taken: "There is already an administrator with this user name.",
	used:  "The administrator is still in use.",
}

type administratorRow struct {
	ID           string `gorm:"column:id;primaryKey"`
	Username     string `gorm:"column:username"`
	Role         string `gorm:"column:role"`
	Disabled     bool   `gorm:"column:disabled"`
	PasswordHash string `gorm:"column:password_hash"`
	Created      int64  `gorm:"column:created_at"`
	LastSignIn   int64  `gorm:"column:last_sign_in"`
	Version      int64  `gorm:"column:version"`
	Search       string `gorm:"column:search"`
}

func (administratorRow) TableName() string { return "administrator" }

func newAdministratorRow(a vpn.Administrator) administratorRow {
	return administratorRow{
		ID: string(a.ID), Username: a.Username, Role: string(a.Role), Disabled: a.Disabled, PasswordHash: a.PasswordHash.Reveal(),
		Created: micros(a.CreatedAt), LastSignIn: micros(a.LastSignIn), Version: int64(a.Version), Search: searchable(a.Username),
	}
}

func (r administratorRow) administrator() (vpn.Administrator, error) {
	return vpn.Administrator{
		ID: vpn.AdministratorID(r.ID), Username: r.Username, Role: vpn.Role(r.Role), Disabled: r.Disabled,
		PasswordHash: vpn.Secret(r.PasswordHash), CreatedAt: instant(r.Created), LastSignIn: instant(r.LastSignIn), Version: int(r.Version),
	}, nil
}

// Administrator reads one account.
func (t *Tx) Administrator(ctx context.Context, id vpn.AdministratorID) (vpn.Administrator, error) {
	return t.administrator(ctx, "id", string(id))
}

// AdministratorByUsername reads the account of a user name in lower case.
func (t *Tx) AdministratorByUsername(ctx context.Context, username string) (vpn.Administrator, error) {
	return t.administrator(ctx, "username", username)
}

func (t *Tx) administrator(ctx context.Context, column, value string) (vpn.Administrator, error) {
	row, err := readOne[administratorRow](t.on(ctx), administratorNoun, column, value)
	if err != nil {
		return vpn.Administrator{}, err
	}
	return row.administrator()
}

var administratorList = listing{
	orders: map[string][]string{"username": {"username"}, "last_sign_in": {"last_sign_in"}, "role": {"role"}, "state": {"disabled"}, "created_at": {"created_at"}},
	normal: "username", tie: "id",
	filters: map[string]string{"role": "role", "state": "CASE WHEN disabled THEN 'disabled' ELSE 'active' END"},
}

// Administrators searches the user name; sorts by username (default), last_sign_in, role, state and
// created_at; filters by role and state (active or disabled).
func (t *Tx) Administrators(ctx context.Context, l vpn.List) (vpn.Page[vpn.Administrator], error) {
	return readPage(t.on(ctx), l, administratorList, administratorNoun, administratorRow.administrator)
}

// CountAdministrators counts the accounts that can sign in with the role; "" counts all accounts.
func (t *Tx) CountAdministrators(ctx context.Context, role vpn.Role) (int, error) {
	q := t.on(ctx).Model(&administratorRow{})
	if role != "" {
		q = q.Where("role = ? AND disabled = ?", string(role), false)
	}
	var n int64
	err := q.Count(&n).Error
	return int(n), administratorNoun.read(err, "")
}

// CreateAdministrator adds an account.
func (t *Tx) CreateAdministrator(ctx context.Context, a vpn.Administrator) error {
	row := newAdministratorRow(a)
	return administratorNoun.wrote(t.on(ctx).Create(&row), row.ID)
}

// RecordSignIn writes the time of a sign-in. The version stays: a sign-in is not an edit.
func (t *Tx) RecordSignIn(ctx context.Context, id vpn.AdministratorID, at time.Time) error {
	g := t.on(ctx).Model(&administratorRow{}).Where("id = ?", string(id)).Update("last_sign_in", micros(at))
	if g.Error != nil || g.RowsAffected == 1 {
		return administratorNoun.read(g.Error, string(id))
	}
	_, err := t.Administrator(ctx, id)
	return err
}

// SaveAdministrator writes an account with its version increased by one. Stale unless the version
// is the stored one.
func (t *Tx) SaveAdministrator(ctx context.Context, a vpn.Administrator) error {
	row := newAdministratorRow(a)
	row.Version++
	g := t.on(ctx).Model(&administratorRow{}).Where("id = ? AND version = ?", row.ID, int64(a.Version)).
		Select("*").Omit("id", "created_at").Updates(&row)
	if g.Error != nil || g.RowsAffected == 1 {
		return administratorNoun.read(g.Error, row.ID)
	}
	if _, err := t.Administrator(ctx, a.ID); err != nil {
		return err
	}
	return vpn.ErrStale("administrator")
}
