package store

import (
	"context"

	"sallyport/vpn"
)

var mfaDeviceNoun = noun{
	what: "MFA device", code: vpn.CodeMFADeviceNotFound,
	taken:    "The user has an MFA device already.",
	dangling: "The directory of this MFA device no longer exists.",
}

type mfaDeviceRow struct {
	ID        string `gorm:"column:id;primaryKey"`
	Directory string `gorm:"column:directory_id"`
	UserKey   string `gorm:"column:user_key"`
	Name      string `gorm:"column:name"`
	NameKey   string `gorm:"column:name_key"`
	Secret    []byte `gorm:"column:secret"` // sealed
	UsedStep  int64  `gorm:"column:used_step"`
	Confirmed int64  `gorm:"column:confirmed_at"`
	Created   int64  `gorm:"column:created_at"`
	CreatedBy string `gorm:"column:created_by"`
	Search    string `gorm:"column:search"`

	SelfEnrolled bool `gorm:"column:self_enrolled"`
}

func (mfaDeviceRow) TableName() string { return "mfa_device" }

// mfaSecretColumn is the place that the key of a device is sealed for.
const mfaSecretColumn = "mfa_device.secret" //nolint:gosec // the name of a column

func newMFADeviceRow(d vpn.MFADevice) mfaDeviceRow {
	return mfaDeviceRow{
		ID: string(d.ID), Directory: string(d.Directory), UserKey: clean(d.UserKey), Name: clean(d.Username), NameKey: fold(d.Username),
		UsedStep: d.UsedStep, Confirmed: micros(d.ConfirmedAt), Created: micros(d.CreatedAt), CreatedBy: clean(d.CreatedBy), Search: searchable(d.Username, string(d.ID)),
		SelfEnrolled: d.SelfEnrolled,
	}
}

func (r mfaDeviceRow) device() (vpn.MFADevice, error) {
	return vpn.MFADevice{
		ID: vpn.MFADeviceID(r.ID), Directory: vpn.DirectoryID(r.Directory), UserKey: r.UserKey, Username: r.Name,
		UsedStep: r.UsedStep, ConfirmedAt: instant(r.Confirmed), CreatedAt: instant(r.Created), CreatedBy: r.CreatedBy, SelfEnrolled: r.SelfEnrolled,
	}, nil
}

// CreateMFADevice adds a device with its key. Conflict where the user has one.
func (t *Tx) CreateMFADevice(ctx context.Context, d vpn.MFADevice, key vpn.Secret) error {
	row := newMFADeviceRow(d)
	sealed, err := t.store.seal(key, mfaSecretColumn, row.ID)
	if err != nil {
		return err
	}
	row.Secret = sealed
	return mfaDeviceNoun.wrote(t.on(ctx).Create(&row), row.ID)
}

// MFADevice reads one device of a directory.
func (t *Tx) MFADevice(ctx context.Context, directory vpn.DirectoryID, id vpn.MFADeviceID) (vpn.MFADevice, error) {
	row, err := readOne[mfaDeviceRow](t.on(ctx).Where("directory_id = ?", clean(string(directory))), mfaDeviceNoun, "id", string(id))
	if err != nil {
		return vpn.MFADevice{}, err
	}
	return row.device()
}

// MFADeviceOf reads the device of a user.
func (t *Tx) MFADeviceOf(ctx context.Context, directory vpn.DirectoryID, userKey string) (vpn.MFADevice, error) {
	row, err := readOne[mfaDeviceRow](t.on(ctx).Where("directory_id = ?", clean(string(directory))), mfaDeviceNoun, "user_key", clean(userKey))
	if err != nil {
		return vpn.MFADevice{}, err
	}
	return row.device()
}

// MFADeviceKey reads and unseals the key of a device.
func (t *Tx) MFADeviceKey(ctx context.Context, id vpn.MFADeviceID) (vpn.Secret, error) {
	row, err := readOne[mfaDeviceRow](t.on(ctx).Select("id", "secret"), mfaDeviceNoun, "id", string(id))
	if err != nil {
		return "", err
	}
	return t.store.unseal(row.Secret, mfaSecretColumn, row.ID)
}

// ConfirmMFADevice saves that the first code of a device was entered, and which.
func (t *Tx) ConfirmMFADevice(ctx context.Context, d vpn.MFADevice) error {
	row := newMFADeviceRow(d)
	return mfaDeviceNoun.wrote(t.on(ctx).Model(&mfaDeviceRow{}).Where("id = ?", row.ID).Select("used_step", "confirmed_at").Updates(&row), row.ID)
}

// UseMFACode uses a code up; the zero one needs nothing. It is false where that code, or a later one, was used before, or
// the device is gone.
func (t *Tx) UseMFACode(ctx context.Context, c vpn.MFACode) (bool, error) {
	if c == (vpn.MFACode{}) {
		return true, nil
	}
	g := t.on(ctx).Model(&mfaDeviceRow{}).Where("id = ? AND used_step < ?", clean(string(c.Device)), c.Step).Update("used_step", c.Step)
	return g.RowsAffected == 1, mfaDeviceNoun.read(g.Error, string(c.Device))
}

// DeleteMFADevice removes a device.
func (t *Tx) DeleteMFADevice(ctx context.Context, id vpn.MFADeviceID) error {
	return mfaDeviceNoun.deleted(t.on(ctx).Where("id = ?", clean(string(id))).Delete(&mfaDeviceRow{}), string(id))
}

var mfaDeviceList = listing{
	orders: map[string][]string{"name": {"name_key"}, "created_at": {"created_at"}},
	normal: "name", tie: "id",
}

// MFADevices lists the devices of a directory; searches user name and ID; sorts by name (default) and created_at.
func (t *Tx) MFADevices(ctx context.Context, directory vpn.DirectoryID, l vpn.List) (vpn.Page[vpn.MFADevice], error) {
	return readPage(t.on(ctx).Where("directory_id = ?", clean(string(directory))), l, mfaDeviceList, mfaDeviceNoun, mfaDeviceRow.device)
}
